internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// A package, or a version of it, as a page: each part of it has an address of its own, and only that part is made.
struct PackageView {
    let repository: Repository
    let facts: PackageFacts
    /// The version that the page is about; nil for all of them.
    let shown: PackageFacts.Version?
    let release: ReleaseText?
    let setUp: SetUp

    var version: String? { shown?.version }

    /// A part of the page by the word in its address; the first is there without one.
    private enum Part: String { case readme = "", versions, files, security, dependencies, downloads, explain, audit }

    private func parts(_ call: PageCall) -> [(part: Part, name: String, count: Int?)] {
        let describes = repository.describing != nil
        var parts: [(part: Part, name: String, count: Int?)] = []
        parts.append((.readme, describes ? "README" : shown == nil ? "Versions" : "Files", nil))
        if shown == nil, describes { parts.append((.versions, "Versions", facts.versions.count)) }
        if describes || shown == nil {
            parts.append((.files, "Files", (shown?.files ?? facts.versions.flatMap(\.files) + facts.others).count))
        }
        parts.append((.security, "Security", nil))
        if describes { parts.append((.dependencies, "Dependencies", release?.description.dependencies.count)) }
        if call.viewer.mayInspect { parts.append((.downloads, "Downloads", nil)) }
        parts.append((.explain, "Explain", nil))
        if call.viewer.mayInspect { parts.append((.audit, "Audit", nil)) }
        return parts
    }

    func answer(_ call: PageCall) async throws -> PageAnswer {
        let parts = parts(call)
        guard let part = Part(rawValue: call.asked("tab") ?? ""), let name = parts.first(where: { $0.part == part })?.name else {
            throw SaveError(.notFound, "there is no such part of this page")
        }
        let links = parts.map { other -> HTML in
            let url = link(call, other.part == .readme ? [] : [("tab", other.part.rawValue)])
            let count: HTML = other.count.map { "<span class=\"count\">\(Figures.count($0))</span>" } ?? ""
            return other.part == part
                ? "<a href=\"\(url)\" aria-current=\"page\">\(other.name)\(count)</a>"
                : "<a href=\"\(url)\">\(other.name)\(count)</a>"
        }
        let title = version.map { "\(facts.displayName) \($0)" } ?? facts.displayName
        return PageAnswer(
            title, section: .repositories,
            main: """
                \(head(call))
                \(installing(call))
                \(PackageNotices(view: self).html(call))
                <nav class="tabs" aria-label="About \(title)">\(links)</nav>
                <div class="two"><section aria-label="\(name)">\(try await content(part, call))</section>
                <aside aria-label="Facts">\(Parts.facts(PackageSide(view: self).facts(call)))</aside></div>
                """)
    }

    private func content(_ part: Part, _ call: PageCall) async throws -> HTML {
        switch part {
        case .readme where repository.describing != nil: return try await ReadmeSection(view: self).html(call)
        case .readme:
            if let shown { return FileTable(view: self).html(shown.files, call) }
            return VersionTable(view: self).html(call)
        case .versions: return VersionTable(view: self).html(call)
        case .files:
            return FileTable(view: self).html(shown?.files ?? facts.versions.flatMap(\.files) + facts.others, call)
        case .security: return try await SecuritySection(view: self).html(call)
        case .dependencies: return await DependencySection(view: self).html(call)
        case .downloads: return try await DownloadSection(view: self).html(call)
        case .explain: return ExplainSection(view: self).html(call)
        case .audit: return try await AuditSection(view: self).html(call)
        }
    }

    func link(_ call: PageCall, _ query: [(String, String)] = []) -> String {
        call.links.package(facts.name, version: version, in: repository, query)
    }

    /// The same part of the page, further on.
    func link(_ call: PageCall, further query: [(String, String)]) -> String {
        link(call, (call.asked("tab").map { [("tab", $0)] } ?? []) + query)
    }

    /// What others call the package, or the version; nil where the packages of the format have no such URL.
    func packageURL() async -> PackageURL? {
        guard let versioning = repository.versioning,
            let type = try? await versioning.ask({ format in type(of: format).purlType })
        else { return nil }
        return PackageURL(type: type, name: facts.name, version: version)
    }

    // MARK: - What state a version is in

    /// In a word, and why.
    func state(of version: PackageFacts.Version) -> HTML {
        let kind: HTML = version.isPrerelease ? " \(Parts.badge("pre-release"))" : ""
        return "\(badge(of: version))\(kind)\(why(version).map { " <span class=\"small\">\($0)</span>" as HTML })"
    }

    func badge(of version: PackageFacts.Version) -> HTML {
        if version.isRefused {
            let isQuarantined = version.files.contains { $0.rule.map { ASCII.isEqual($0, "quarantined") } ?? false }
            return Parts.badge(isQuarantined ? "quarantined" : "refused", .bad)
        }
        if version.isYanked { return Parts.badge("yanked", .warn) }
        guard version.offered.isEmpty else { return Parts.badge("allowed", .ok) }
        return Parts.badge(version.files.first?.state == "unlisted" ? "unlisted" : "shadowed")
    }

    private func why(_ version: PackageFacts.Version) -> String? {
        if version.isRefused { return version.files.first { $0.state == "blocked" }.flatMap { $0.reason ?? $0.rule } }
        if version.isYanked { return version.offered.compactMap(\.yankedReason).first }
        return version.offered.isEmpty ? version.files.compactMap(\.reason).first : nil
    }

    // MARK: - Above the parts

    private func head(_ call: PageCall) -> HTML {
        let record = repository.record
        let name: HTML =
            shown == nil ? "" : " / <a href=\"\(call.links.package(facts.name, in: repository))\">\(facts.displayName)</a>"
        let number: HTML = (version ?? facts.newest?.version).map { "<span class=\"faint\">\($0)</span>" } ?? ""
        let summary: HTML = release?.description.summary.map { "<p>\($0)</p>" } ?? ""
        return """
            <p class="crumbs"><a href="\(call.links.home)">Repositories</a> / \(record.project) / \
            <a href="\(call.links.repository(repository))">\(record.name)</a>\(name)</p>
            <div class="head"><h1>\(facts.displayName)</h1>\(number) \(Parts.badge(repository.descriptor.displayName)) \
            \(origin)\(badges)\(managing(call))\(summary)</div>
            """
    }

    /// The way to what can be done with it, for those who may. A group has nothing of its own.
    private func managing(_ call: PageCall) -> HTML {
        let source = facts.members.first { $0.state == "answers" }?.source ?? repository
        let record = source.record
        let files = shown?.files ?? facts.versions.flatMap(\.files)
        guard call.session != nil, record.kind != .group, call.viewer.may(.manage, source),
            record.kind == .hosted || files.contains(where: \.isStored)
        else { return "" }
        let query = [("package", facts.name)] + (version.map { [("version", $0)] } ?? [])
        let url = call.links.administration("repositories", record.project, record.name, "packages", query: query)
        return "<a class=\"button\" href=\"\(url)\">Manage</a>"
    }

    /// What somebody should see before anything else.
    private var badges: HTML {
        var badges: [HTML] = []
        if let status = facts.status { badges.append(Parts.badge(status.word, .warn)) }
        if let shown {
            if shown.isPrerelease { badges.append(Parts.badge("pre-release")) }
            if shown.isRefused || shown.isYanked { badges.append(badge(of: shown)) }
        }
        return badges.isEmpty ? "" : " \(HTML.joined(badges, by: " "))"
    }

    /// Whether it is one's own package.
    private var origin: HTML {
        guard let first = facts.members.first(where: { $0.state == "answers" }) else { return "" }
        return first.kind == .hosted ? Parts.badge("hosted here", .ok) : Parts.badge("from an upstream")
    }

    private func installing(_ call: PageCall) -> HTML {
        // Without a version, clients of some formats install nothing: then the newest is named.
        let version = self.version ?? (setUp.installers(of: nil).isEmpty ? facts.newest?.version : nil)
        let clients = setUp.installers(of: version)
        let client = call.asked("client").flatMap { clients.contains($0) ? $0 : nil } ?? clients.first ?? ""
        guard let line = setUp.line(for: client, package: facts.displayName, version: version) else { return "" }
        let short = version == nil ? setUp.shortLine(for: client, package: facts.displayName).map(Parts.copy) : nil
        let hint: HTML =
            Words.contains("KEY", in: line)
            ? "<p class=\"faint small\">KEY is <a href=\"\(call.links.account)\">an API key of yours</a>. A client that is <a href=\"\(call.links.repository(repository, [("client", client)]))\">set up</a> needs no URL\(short == nil ? "." : ":")</p>\(short)"
            : ""
        let picks = Parts.links("pick", "Client", clients.map { ($0, link(call, [("client", $0)]), $0 == client) })
        return "\(clients.count > 1 ? picks : "")\(Parts.copy(line))\(hint)"
    }
}
