internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// The repositories that somebody may read, by project.
enum HomePage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let repositories = call.viewer.repositories
        if repositories.isEmpty {
            if call.session == nil { throw SaveError.signInForThis }
            return PageAnswer("Repositories", section: .repositories, main: nothing(call))
        }
        let projects = Dictionary(grouping: repositories, by: \.record.project).sorted { $0.key < $1.key }
        let lists = projects.map { project, repositories -> HTML in
            """
            <h2>\(project)</h2>
            <ul class="cards">
            \(repositories.sorted { rank($0) < rank($1) }.map { card($0, call) })
            </ul>
            """
        }
        let recent = try await RecentPublishes(call)
        return PageAnswer(
            "Repositories", section: .repositories,
            main: """
                <div class="head"><h1>Repositories</h1><p>\(call.session == nil ? "What everybody may read, by project." : "What you may read, by project.")</p></div>
                \(lists)
                \(recent.html(call))
                """)
    }

    /// Groups first: they are what clients are pointed at.
    private static func rank(_ repository: Repository) -> (Int, String, String) {
        let kind = [RepositoryKind.group: 0, .hosted: 1, .proxy: 2][repository.record.kind] ?? 3
        return (kind, repository.record.format, repository.record.name)
    }

    private static func card(_ repository: Repository, _ call: PageCall) -> HTML {
        let record = repository.record
        return """
            <li><a href="\(call.links.repository(repository))">\(record.name)</a> \(Parts.badge(repository.descriptor.displayName)) \
            \(Parts.badge(record.kind.rawValue)) \(RepositoryState.badge(of: repository, call))<p>\(about(repository, call))</p></li>
            """
    }

    private static func about(_ repository: Repository, _ call: PageCall) -> HTML {
        let record = repository.record
        if !record.description.isEmpty { return "\(record.description)" }
        let things = repository.naming == nil ? "Files" : "Packages"
        switch record.kind {
        case .hosted: return "\(things) that are published here"
        case .proxy:
            let host = call.viewer.manages(repository) ? URLOrigin(of: record.proxy.remoteURL)?.host : nil
            return "\(things) from \(host ?? "an upstream"), kept here"
        case .group: return "\(call.viewer.members(of: repository).map(\.record.name).joined(separator: ", then "))"
        }
    }

    private static func nothing(_ call: PageCall) -> HTML {
        """
        <div class="head"><h1>Repositories</h1></div>
        \(Parts.notice(.plain, "<p>There is no repository that you may read yet.</p><p>Ask an owner of a project to make you a member: they need your user name, <strong>\(call.viewer.name ?? "")</strong>.</p>"))
        """
    }
}

/// How it stands with a repository, in a word.
enum RepositoryState {
    static func badge(of repository: Repository, _ call: PageCall) -> HTML {
        guard repository.record.online else { return Parts.badge("offline", .warn) }
        // The upstream's state is for those who manage the repository, as in the REST API.
        guard repository.record.kind == .proxy, call.viewer.manages(repository),
            let isAvailable = call.context.upstreamState(repository)?.isAvailable
        else { return "" }
        return isAvailable ? Parts.badge("reachable", .ok) : Parts.badge("upstream fails", .bad)
    }
}
