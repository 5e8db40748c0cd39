internal import SaveHTTP
internal import SavePlatform

/// What somebody has to know before they copy the line that installs.
struct PackageNotices {
    let view: PackageView

    func html(_ call: PageCall) -> HTML {
        let facts = view.facts
        if let failing = facts.members.first(where: { $0.state == "fails" }), facts.newest == nil || failing.reason != nil {
            let reason = FailurePage.sentence(failing.reason ?? "the upstream fails")
            return Parts.notice(
                .bad, "<p><strong>\(failing.repository) does not answer.</strong> \(reason)</p><p>What is kept here is shown.</p>"
            )
        }
        if facts.versions.isEmpty, facts.members.contains(where: { $0.state == "not_asked" }) {
            let ask = call.links.package(facts.name, version: view.version, in: view.repository, [("refresh", "true")])
            return Parts.notice(
                .plain,
                "<p>No client has asked for this package yet, so nothing is known of it here.</p><p><a class=\"button\" href=\"\(ask)\">Ask the upstream now</a></p>"
            )
        }
        guard view.version == nil, let first = facts.versions.first, first.offered.isEmpty,
            let blocked = first.files.first(where: { $0.state == "blocked" })
        else { return "" }
        let instead: HTML = facts.newest.map { "<p>New installations get \($0.version).</p>" } ?? ""
        return Parts.notice(
            .warn,
            "<p><strong>\(first.version) is held back.</strong> \(FailurePage.ended(blocked.reason ?? ""))</p>\(instead)")
    }
}

/// The versions of a package, the newest first.
struct VersionTable {
    let view: PackageView

    func html(_ call: PageCall) -> HTML {
        let all = view.facts.versions
        guard !all.isEmpty else { return "<p>No version is known here.</p>" }
        let start = call.asked("from").flatMap(Int.init).map { min(max($0, 0), all.count) } ?? 0
        let shown = all[start...].prefix(PackagePage.rows)
        let rows = shown.map { version -> [HTML] in
            [
                "<a href=\"\(call.links.package(view.facts.name, version: version.version, in: view.repository))\">\(version.version)</a>",
                Parts.time(version.published, now: call.now), view.badge(of: version), "\(version.files.count)",
                "\(Figures.size(version.size))",
            ]
        }
        let newer: HTML = start == 0 ? "" : "<a rel=\"prev\" href=\"\(page(max(0, start - PackagePage.rows), call))\">Newer</a>"
        let older: HTML = shown.endIndex >= all.count ? "" : "<a rel=\"next\" href=\"\(page(shown.endIndex, call))\">Older</a>"
        let pages: HTML =
            newer.isEmpty && older.isEmpty ? "" : "<nav class=\"pages\" aria-label=\"Pages\">\(newer)\(older)</nav>"
        return "\(Parts.table(["Version", "Published", "State", "Files#", "Size#"], rows))\(pages)"
    }

    private func page(_ start: Int, _ call: PageCall) -> String { view.link(call, start == 0 ? [] : [("from", String(start))]) }
}

/// Files with what tells whether they are the right ones.
struct FileTable {
    private static let rows = 200
    let view: PackageView

    func html(_ files: [PackageFacts.File], _ call: PageCall) -> HTML {
        guard !files.isEmpty else { return "<p>There is no file yet.</p>" }
        let rows = files.prefix(Self.rows).map { file -> [HTML] in
            [
                "<span>\(file.name)</span>\(digests(file))", state(file), "\(Figures.size(file.size))",
                Parts.time(file.published, now: call.now),
            ]
        }
        let rest: HTML =
            files.count > Self.rows
            ? "<p>\(Figures.count(files.count - Self.rows)) more: open a version to see its files.</p>" : ""
        return "\(Parts.table(["File", "State", "Size#", "Published"], rows))\(rest)"
    }

    private func digests(_ file: PackageFacts.File) -> HTML {
        // One is enough to compare with, and the strongest that tools show.
        guard let digest = file.digests.first(where: { $0.algorithm == "sha256" }) ?? file.digests.first else { return "" }
        return "<br><span class=\"faint small\">\(digest.algorithm) <code class=\"digest\">\(digest.hex)</code></span>"
    }

    private func state(_ file: PackageFacts.File) -> HTML {
        let why: HTML = file.reason.map { " <span class=\"small\">\($0)</span>" } ?? ""
        switch file.state {
        case "blocked": return "\(Parts.badge("refused", .bad))\(why)"
        case "offered" where file.yanked:
            return "\(Parts.badge("yanked", .warn)) <span class=\"small\">\(file.yankedReason ?? "")</span>"
        case "offered": return "\(Parts.badge("allowed", .ok))\(file.isStored ? " \(Parts.badge("kept here"))" as HTML : "")"
        default: return "\(Parts.badge(file.state))\(why)"
        }
    }
}

/// How the server decides what clients get under this name, step by step.
struct ExplainSection {
    let view: PackageView

    func html(_ call: PageCall) -> HTML {
        let steps = view.facts.members.map { member -> HTML in
            let kind = ["answers": "take", "fails": "stop"][member.state] ?? ""
            return """
                <li class="\(kind)"><strong>\(name(member, call))</strong> \(said(member)) \
                <span class="faint">\(FailurePage.ended(member.reason ?? ""))\(asked(member, call))</span></li>
                """
        }
        let refusal: HTML = view.facts.reason.map { Parts.notice(.warn, "<p>\(FailurePage.sentence($0))</p>") } ?? ""
        let refresh = view.link(call, [("tab", "explain"), ("refresh", "true")])
        return """
            <h2>Where it comes from</h2>
            <ol class="steps">
            \(steps)
            </ol>
            \(refusal)
            <p><a class="button" href="\(refresh)">Ask the upstreams now</a></p>
            \(decided(call))
            """
    }

    private func name(_ member: PackageFacts.Member, _ call: PageCall) -> HTML {
        guard let repository = call.viewer.repository(coordinates: member.repository) else { return "\(member.repository)" }
        return "<a href=\"\(call.links.repository(repository))\">\(member.repository)</a>"
    }

    private func said(_ member: PackageFacts.Member) -> String {
        switch member.state {
        case "answers": "has it."
        case "passed_over": "is not asked."
        case "has_none": "does not have it."
        case "not_asked": "was not asked yet."
        case "fails": "does not answer."
        default: member.state
        }
    }

    private func asked(_ member: PackageFacts.Member, _ call: PageCall) -> HTML {
        guard let upstream = member.upstream, let time = upstream["asked_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
            return ""
        }
        let place: HTML = upstream["url"]?.string.map { " at <code>\($0)</code>" } ?? ""
        return " The upstream\(place) was asked \(Parts.time(time, now: call.now))."
    }

    /// The files that are not simply offered, with the rule that says so.
    private func decided(_ call: PageCall) -> HTML {
        let files =
            (view.version == nil
            ? view.facts.versions.flatMap(\.files) : view.facts.versions.filter { $0.version == view.version }.flatMap(\.files))
            .filter { $0.state != "offered" }
        guard !files.isEmpty else { return "<p>Every file of what answers is given out.</p>" }
        let rows = files.prefix(100).map { file -> [HTML] in
            [
                "\(file.name)",
                Parts.badge(file.state == "blocked" ? "refused" : file.state, file.state == "blocked" ? .bad : .plain),
                "\(FailurePage.ended(file.reason ?? ""))", "<code>\(file.rule ?? "")</code>",
            ]
        }
        return "<h2>Files that clients do not get</h2>\(Parts.table(["File", "State", "Reason", "Rule"], rows))"
    }
}
