internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Projects: the list, and one with all that belongs to it.
enum ProjectPages {
    private static let fields = [FormField("description", "What it is for", .text)]

    static func list(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let (projects, next) = shown(call)
        let rows = projects.map { project -> [HTML] in
            [
                "<a href=\"\(call.links.administration("projects", project.name))\">\(project.name)</a>",
                "\(project.description)", Parts.time(project.created, now: call.now),
            ]
        }
        let url = AdministrationPage.Part.projects.url(call.links)
        return AdministrationPage.answer(
            "Projects", in: .projects, call, about: "A project owns repositories; its members have a role in all of them.",
            main: """
                \(ListFilter.html(url, call, label: "Find a project by a part of its name"))
                \(rows.isEmpty ? "<p class=\"faint\">There is no such project.</p>" : Parts.table(["Project", "What it is for", "Made"], rows))
                \(keyset.links(next: next, url, kept: call.kept("q")))
                \(try call.viewer.administersAll ? new(call) : "")
                """)
    }

    /// Projects of a page.
    private static let pageSize = 100

    /// Those of the page that they manage, or see with the whole server, and the name to go on behind.
    private static func shown(_ call: PageCall) -> (projects: [ProjectRecord], next: String?) {
        let wanted = ASCII.lowercased(call.asked("q") ?? "")
        let all = call.viewer.inspects ? call.viewer.snapshot.projects.sorted { $0.name < $1.name } : call.viewer.managedProjects
        let found = all.filter { project in
            (wanted.isEmpty || ASCII.lowercased(project.name).contains(wanted))
                && call.asked("after").map { project.name > $0 } ?? true
        }
        let shown = Array(found.prefix(pageSize))
        return (shown, found.count > pageSize ? shown.last?.name : nil)
    }

    private static func new(_ call: PageCall) throws -> HTML {
        let form = AdministrationForm("new", AdministrationPage.Part.projects.url(call.links), creation, "Make the project")
        return "<h2>A new project</h2>\(try form.html(call))"
    }

    private static let creation =
        [
            FormField(
                "name", "Name", hint: "For good: it is part of every address. Small letters, digits and . _ -", required: true)
        ]
        + fields

    static func create(_ call: PageCall) async throws -> PageAnswer {
        try await Submission.send(
            call, form: "new", to: call.links.administration("projects", call["name"]), done: .made, page: list
        ) { APIQuestion(.post, ["projects"], body: .object(AdministrationForm.body(creation, $0))) }
    }

    // MARK: - One of them

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        try call.viewer.requireManaged(project: name)
        let reply = try await call.reply(to: APIQuestion(.get, ["projects", name]))
        let project = reply.body.object ?? JSONObject()
        let mayChange = call.viewer.manages(project: name)
        let url = call.links.administration("projects", name)
        let settings = AdministrationForm("settings", url, fields, "Save", tone: .plain)
        let deletion = AdministrationForm.deletion(
            of: name, call.links.administration("projects", name, "delete"), "Delete the project")
        let forms: HTML =
            mayChange
            ? """
            <h2>Description</h2>\(try settings.html(call, project, tag: reply.tag))
            <h2>Delete the project</h2><p>It must have neither repositories nor robots of its own.</p>\(try deletion.html(call))
            """ : ""
        return AdministrationPage.answer(
            name, in: .projects, call, about: "\(project.text("description"))",
            main: """
                \(try await ProjectMembers.section(name, mayChange: mayChange, call))
                \(repositories(name, mayChange: mayChange, call))
                \(try await robots(name, mayChange: mayChange, call))
                \(forms)
                """)
    }

    private static func repositories(_ project: String, mayChange: Bool, _ call: PageCall) -> HTML {
        let rows = call.viewer.managedRepositories.filter { $0.record.project == project }
        let more: HTML =
            mayChange
            ? "<p><a class=\"button\" href=\"\(call.links.administration("repositories", "new", query: [("project", project)]))\">New repository</a></p>"
            : ""
        let table = rows.isEmpty ? "<p class=\"faint\">It has none yet.</p>" : RepositoryTable.html(rows, call)
        return "<h2>Repositories</h2>\(table)\(more)"
    }

    private static func robots(_ project: String, mayChange: Bool, _ call: PageCall) async throws -> HTML {
        let (items, next) = try await call.list(["robots"], [("project", project)])
        let rows = items.map { robot -> [HTML] in
            let name = robot.text("name")
            return [
                "<a href=\"\(call.links.administration("robots", name))\">\(name)</a>", "\(robot.text("description"))",
            ]
        }
        let all: HTML =
            next == nil
            ? "" : "<p>There are more: <a href=\"\(AdministrationPage.Part.robots.url(call.links))\">all robots</a></p>"
        let new = call.links.administration("robots", query: [("project", project)])
        let more: HTML = mayChange ? "<p><a class=\"button\" href=\"\(new)\">New robot</a></p>" : ""
        let table =
            rows.isEmpty ? "<p class=\"faint\">It has none of its own.</p>" : Parts.table(["Robot", "What it is for"], rows)
        return "<h2>Robots</h2>\(table)\(all)\(more)"
    }

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "settings", to: call.links.administration("projects", name), done: .saved, page: page
        ) { APIQuestion(.patch, ["projects", name], body: .object(AdministrationForm.body(fields, $0))) }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "delete", to: AdministrationPage.Part.projects.url(call.links), done: .deleted, page: page
        ) {
            try Submission.requireName(name, $0)
            return APIQuestion(.delete, ["projects", name])
        }
    }
}

/// The line above a list, in which a part of a name is typed.
enum ListFilter {
    static func html(_ url: String, _ call: PageCall, label: String) -> HTML {
        """
        <form class="filter" action="\(url)"><input type="search" name="q" aria-label="\(label)" placeholder="\(label)" \
        value="\(call.asked("q") ?? "")"><button>Find</button></form>
        """
    }
}
