internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The repositories that somebody manages.
enum RepositoryTable {
    static func html(_ repositories: [Repository], _ call: PageCall) -> HTML {
        let rows = repositories.map { repository -> [HTML] in
            let record = repository.record
            return [
                "<a href=\"\(call.links.administration("repositories", record.project, record.name))\">\(record.coordinates)</a>",
                "\(repository.descriptor.displayName)", Parts.badge(record.kind.rawValue),
                "\(RepositoryState.badge(of: repository, call)) \(record.anonymousRead ? Parts.badge("public", .note) : "")",
            ]
        }
        return Parts.table(["Repository", "Format", "Kind", "State"], rows)
    }

    /// Repositories of a page.
    private static let pageSize = 100

    static func list(_ call: PageCall) async throws -> PageAnswer {
        let wanted = ASCII.lowercased(call.asked("q") ?? "")
        let after = call.asked("after")
        let found = call.viewer.managedRepositories.filter { repository in
            (wanted.isEmpty || ASCII.lowercased(repository.record.coordinates).contains(wanted))
                && after.map { repository.record.coordinates > $0 } ?? true
        }.sorted { $0.record.coordinates < $1.record.coordinates }
        let shown = Array(found.prefix(pageSize))
        let next = found.count > pageSize ? shown.last?.record.coordinates : nil
        let url = AdministrationPage.Part.repositories.url(call.links)
        let new: HTML =
            call.viewer.managedProjects.isEmpty && !call.viewer.administersAll
            ? "" : "<a class=\"button go\" href=\"\(call.links.administration("repositories", "new"))\">New repository</a>"
        return AdministrationPage.answer(
            "Repositories", in: .repositories, call, beside: new,
            main: """
                \(ListFilter.html(url, call, label: "Find a repository by a part of its name"))
                \(shown.isEmpty ? "<p class=\"faint\">There is no such repository.</p>" : html(shown, call))
                \(Keyset(call).links(next: next, url, kept: call.kept("q")))
                """)
    }
}
