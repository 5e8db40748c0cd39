internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A package, or a version of it: the line that installs it first, then what there is, and why.
enum PackagePage {
    /// Versions on a page.
    static let rows = 100

    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let repository = try call.viewer.repository(format: call.path[0], project: call.path[1], name: call.path[2])
        guard let (name, version) = try await place(repository, Array(call.path.dropFirst(3))) else {
            throw SaveError(.packageNotFound, "there is no such package here: check the name")
        }
        let facts = try await facts(of: name, in: repository, call)
        let page = PackageView(
            repository: repository, facts: facts, version: version, setUp: await SetUp(of: repository, call))
        return try page.answer(call)
    }

    /// What the segments behind the repository name: a package, and a version where there is one more.
    private static func place(_ repository: Repository, _ segments: [String]) async throws -> (name: String, version: String?)? {
        guard let naming = repository.naming else { return nil }
        let whole = segments.joined(separator: "/")
        let shorter = segments.dropLast().joined(separator: "/")
        return try await naming.ask { format in
            if let package = format.package(named: whole) { return (package.name, nil) }
            guard let package = format.package(named: shorter), let version = segments.last else { return nil }
            return (package.name, version)
        }
    }

    private static func facts(of name: String, in repository: Repository, _ call: PageCall) async throws -> PackageFacts {
        let record = repository.record
        let question = APIQuestion(
            .get, ["repos", record.project, record.name, "packages", name, "explain"],
            query: call.asked("refresh") == "true" ? [("refresh", "true")] : [])
        var facts = PackageFacts(try await call.ask(question))
        guard facts.isKnown else { throw SaveError(.packageNotFound, "there is no package '\(name)' in \(record.coordinates)") }
        let versions = facts.versions.map(\.version)
        if let keys = try await repository.versioning?.ask({ format in
            Dictionary(versions.compactMap { version in format.sortKey(of: version).map { (version, $0) } }) { first, _ in first }
        }) {
            facts.order(by: keys)
        }
        let id = PackageID(normalized: facts.name)
        let leaves = call.viewer.leaves(of: repository, for: id).map(\.record.id)
        let display = try await call.context.store.read { reading in
            for leaf in leaves {
                if let package = try reading.package(leaf, id) { return package.displayName as String? }
            }
            return nil
        }
        facts.displayName = display ?? facts.name
        return facts
    }
}

/// A package, or a version of it, as a page.
struct PackageView {
    let repository: Repository
    let facts: PackageFacts
    let version: String?
    let setUp: SetUp

    private var shown: PackageFacts.Version? { facts.versions.first { ASCII.isEqual($0.version, version ?? "") } }

    func answer(_ call: PageCall) throws -> PageAnswer {
        if version != nil, shown == nil {
            throw SaveError(.packageNotFound, "there is no version '\(version ?? "")' of \(facts.displayName) here")
        }
        let tabs = (version == nil ? [("", "Versions"), ("files", "Files")] : [("", "Files")]) + [("explain", "Explain")]
        let tab = call.asked("tab") ?? ""
        guard let name = tabs.first(where: { $0.0 == tab })?.1 else {
            throw SaveError(.notFound, "there is no such part of this page")
        }
        let ways = tabs.map { value, name in (name, link(call, value.isEmpty ? [] : [("tab", value)]), value == tab) }
        let title = version.map { "\(facts.displayName) \($0)" } ?? facts.displayName
        return PageAnswer(
            title, section: .repositories,
            main: """
                \(head(call))
                \(installing(call))
                \(PackageNotices(view: self).html(call))
                \(Parts.links("tabs", "About \(title)", ways))
                <div class="two"><section aria-label="\(name)">\(content(tab, call))</section>
                <aside aria-label="Facts">\(Parts.facts(sideFacts(call)))</aside></div>
                """)
    }

    private func content(_ tab: String, _ call: PageCall) -> HTML {
        switch tab {
        case "explain": return ExplainSection(view: self).html(call)
        case "files": return FileTable(view: self).html(facts.versions.flatMap(\.files) + facts.others, call)
        default:
            if let shown { return FileTable(view: self).html(shown.files, call) }
            return VersionTable(view: self).html(call)
        }
    }

    func link(_ call: PageCall, _ query: [(String, String)] = []) -> String {
        call.links.package(facts.name, version: version, in: repository, query)
    }

    func badge(of version: PackageFacts.Version) -> HTML {
        if let blocked = version.files.first(where: { $0.state == "blocked" }), version.offered.isEmpty {
            return "\(Parts.badge("refused", .bad)) <span class=\"small\">\(blocked.reason ?? blocked.rule ?? "")</span>"
        }
        if version.isYanked {
            return
                "\(Parts.badge("yanked", .warn)) <span class=\"small\">\(version.offered.compactMap(\.yankedReason).first ?? "")</span>"
        }
        if version.offered.isEmpty {
            let state = version.files.first?.state ?? ""
            return
                "\(Parts.badge(state == "unlisted" ? "unlisted" : "shadowed")) <span class=\"small\">\(version.files.compactMap(\.reason).first ?? "")</span>"
        }
        return Parts.badge("allowed", .ok)
    }

    private func head(_ call: PageCall) -> HTML {
        let record = repository.record
        let name: HTML =
            version == nil ? "" : " / <a href=\"\(call.links.package(facts.name, in: repository))\">\(facts.displayName)</a>"
        let number: HTML = version.map { "<span class=\"faint\">\($0)</span>" } ?? ""
        return """
            <p class="crumbs"><a href="\(call.links.home)">Repositories</a> / \(record.project) / \
            <a href="\(call.links.repository(repository))">\(record.name)</a>\(name)</p>
            <div class="head"><h1>\(facts.displayName)</h1>\(number) \(Parts.badge(repository.descriptor.displayName)) \(origin)</div>
            """
    }

    /// Whether it is one's own package.
    private var origin: HTML {
        guard let first = facts.members.first(where: { $0.state == "answers" }) else { return "" }
        return first.kind == "hosted" ? Parts.badge("hosted here", .ok) : Parts.badge("from an upstream")
    }

    private func installing(_ call: PageCall) -> HTML {
        let clients = setUp.installers
        let client = call.asked("client").flatMap { clients.contains($0) ? $0 : nil } ?? clients.first ?? ""
        guard let line = setUp.line(for: client, package: facts.displayName, version: version) else { return "" }
        let hint: HTML =
            Words.contains("KEY", in: line)
            ? "<p class=\"faint small\">KEY is <a href=\"\(call.links.account)\">an API key of yours</a>. A client that is <a href=\"\(call.links.repository(repository, [("client", client)]))\">set up</a> needs no URL.</p>"
            : ""
        let picks = Parts.links("pick", "Client", clients.map { ($0, link(call, [("client", $0)]), $0 == client) })
        return "\(clients.count > 1 ? picks : "")\(Parts.copy(line))\(hint)"
    }

    private func sideFacts(_ call: PageCall) -> [(name: String, value: HTML)] {
        var list: [(name: String, value: HTML)] = []
        let version = shown ?? facts.newest
        if let version {
            let link = call.links.package(facts.name, version: version.version, in: repository)
            if shown == nil { list.append(("Newest", "<a href=\"\(link)\">\(version.version)</a>")) }
            let publisher = call.session == nil ? nil : version.files.compactMap(\.publisher).first
            list.append(
                ("Published", "\(Parts.time(version.published, now: call.now))\(publisher.map { " by \($0)" as HTML })"))
        }
        let sources = facts.members.filter { $0.state == "answers" }.map { member -> HTML in
            guard let source = call.viewer.repository(coordinates: member.repository) else { return "\(member.repository)" }
            return "<a href=\"\(call.links.repository(source))\">\(member.repository)</a>"
        }
        if !sources.isEmpty { list.append(("Comes from", .joined(sources, by: ", "))) }
        if let version {
            list.append(("State", badge(of: version)))
            list.append(("Files", "\(Figures.several(version.files.count, "file")), \(Figures.size(version.size))"))
        }
        if shown == nil { list.append(("Versions", "\(Figures.count(facts.versions.count))")) }
        return list
    }
}
