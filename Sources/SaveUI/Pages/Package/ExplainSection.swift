internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

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
        let url = view.link(call, [("tab", "explain"), ("refresh", "true")])
        let refresh: HTML = call.session == nil ? "" : "<p><a class=\"button\" href=\"\(url)\">Ask the upstreams now</a></p>"
        return """
            <h2>Where it comes from</h2>
            <ol class="steps">
            \(steps)
            </ol>
            \(refusal)
            \(refresh)
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
        guard let upstream = member.upstream, let time = upstream.asked else { return "" }
        let place: HTML = upstream.url.map { " at <code>\($0)</code>" } ?? ""
        return " The upstream\(place) was asked \(Parts.time(time, now: call.now))."
    }

    /// The files that are not simply offered, with the rule that says so.
    private func decided(_ call: PageCall) -> HTML {
        let files =
            (view.shown?.files ?? view.facts.versions.flatMap(\.files) + view.facts.others).filter { $0.state != "offered" }
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
