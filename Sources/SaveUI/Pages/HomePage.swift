internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// The repositories that somebody may read, by project, page by page.
enum HomePage {
    /// Repositories on a page.
    static let cards = 60

    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let all = call.viewer.repositories
        if all.isEmpty {
            if call.session == nil { throw SaveError.signInForThis }
            return PageAnswer("Repositories", section: .repositories, main: nothing(call))
        }
        let text = ASCII.lowercased(call.asked("q") ?? "")
        let wanted = text.isEmpty ? all : all.filter { $0.record.coordinates.utf8.contains(text.utf8) }
        let part = RepositoriesByProject(wanted, after: call.asked("after"), limit: cards)
        let lists = part.projects.map { project, repositories -> HTML in
            """
            <h2>\(project)</h2>
            <ul class="cards">
            \(repositories.map { card($0, call) })
            </ul>
            """
        }
        let isFirst = text.isEmpty && call.asked("after") == nil
        let recent: HTML = isFirst ? try await RecentPublishes(call).html(call) : ""
        return PageAnswer(
            "Repositories", section: .repositories,
            main: """
                <div class="head"><h1>Repositories</h1><p>\(call.session == nil ? "What everybody may read, by project." : "What you may read, by project.")</p></div>
                \(all.count > cards ? filter(call) : "")
                \(lists.isEmpty ? ["<p>No repository and no project is called so.</p>"] : lists)
                \(pages(part.next, call))
                \(recent)
                """)
    }

    private static func filter(_ call: PageCall) -> HTML {
        """
        <form class="filter" action="\(call.links.home)"><input type="search" name="q" value="\(call.asked("q") ?? "")" \
        placeholder="A part of a project or a repository" aria-label="A part of a project or a repository"><button>Filter</button></form>
        """
    }

    private static func pages(_ next: String?, _ call: PageCall) -> HTML {
        let filter = call.asked("q").map { [("q", $0)] } ?? []
        let first: HTML = call.asked("after") == nil ? "" : "<a href=\"\(Links.url(call.links.home, filter))\">First page</a>"
        let more: HTML =
            next.map { "<a rel=\"next\" href=\"\(Links.url(call.links.home, filter + [("after", $0)]))\">Next page</a>" } ?? ""
        guard !first.isEmpty || !more.isEmpty else { return "" }
        return "<nav class=\"pages\" aria-label=\"Pages\">\(first)\(more)</nav>"
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

/// So many repositories, project by project.
struct RepositoriesByProject {
    private(set) var projects: [(name: String, repositories: [Repository])] = []
    /// The last repository that is shown, as `project/name`; nil where no other comes behind it.
    private(set) var next: String?

    /// - Parameters:
    ///   - all: ordered by project.
    ///   - after: the repository that the page before ended with. Where it is gone, its project is shown from its beginning.
    init(_ all: [Repository], after: String?, limit: Int) {
        let place =
            after.map { Array($0.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1)).map { String(Substring($0)) } } ?? []
        var rest = all[...]
        var left = limit
        while let project = rest.first?.record.project {
            let length = rest.prefix { $0.record.project.utf8.elementsEqual(project.utf8) }.count
            defer { rest = rest.dropFirst(length) }
            if let begin = place.first, project < begin { continue }
            guard left > 0 else {
                next = projects.last.flatMap { $0.repositories.last?.record.coordinates }
                return
            }
            var repositories = rest.prefix(length).sorted { Self.rank($0) < Self.rank($1) }
            if place.count == 2, project.utf8.elementsEqual(place[0].utf8),
                let known = repositories.firstIndex(where: { $0.record.name.utf8.elementsEqual(place[1].utf8) })
            {
                repositories.removeFirst(known + 1)
            }
            guard !repositories.isEmpty else { continue }
            projects.append((project, Array(repositories.prefix(left))))
            guard repositories.count <= left else {
                next = projects.last.flatMap { $0.repositories.last?.record.coordinates }
                return
            }
            left -= repositories.count
        }
    }

    /// Groups first: they are what clients are pointed at.
    private static func rank(_ repository: Repository) -> (Int, String, String) {
        let kind = [RepositoryKind.group: 0, .hosted: 1, .proxy: 2][repository.record.kind] ?? 3
        return (kind, repository.record.format, repository.record.name)
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
