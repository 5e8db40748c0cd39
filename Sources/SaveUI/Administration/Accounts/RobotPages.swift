internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Accounts of machines.
enum RobotPages {
    private static let settings = [
        FormField("description", "What it is for"), FormField("disabled", "Its keys are refused", .flag),
    ]

    private static func creation(_ call: PageCall) -> [FormField] {
        let isOptional = call.viewer.administersAll
        return [
            FormField("name", "Name", hint: "It signs in as sa$ and this name. Small letters, digits and . _ -", required: true),
            FormField("description", "What it is for"),
            FormField(
                "project", "Project that it belongs to",
                hint: isOptional ? "It is managed by the owners of the project. Empty for one that administrators manage." : "",
                empty: .null, required: !isOptional, suggestions: call.viewer.managedProjects.map(\.name)),
        ]
    }

    static func list(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let (robots, next) = try await call.list(["robots"], keyset.query() + call.kept("q"))
        let rows = robots.map { robot -> [HTML] in
            let name = robot.text("name")
            let project = robot["project"]?.string
            return [
                "<a href=\"\(call.links.administration("robots", name))\">\(name)</a> \(robot.flag("disabled") ? Parts.badge("disabled", .warn) : "")",
                "\(robot.text("description"))",
                project.map { "<a href=\"\(call.links.administration("projects", $0))\">\($0)</a>" } ?? "none",
            ]
        }
        let url = AdministrationPage.Part.robots.url(call.links)
        return AdministrationPage.answer(
            "Robots", in: .robots, call,
            about: "A robot is the account of a machine: it signs in with keys, and has roles like a person.",
            main: """
                \(ListFilter.html(url, call, label: "Find a robot by a part of its name"))
                \(rows.isEmpty ? "<p class=\"faint\">There is no robot that you manage.</p>" : Parts.table(["Robot", "What it is for", "Project"], rows))
                \(keyset.links(next: next, url, kept: call.kept("q")))
                \(try call.viewer.managedProjects.isEmpty && !call.viewer.administersAll ? "" : new(url, call))
                """)
    }

    private static func new(_ url: String, _ call: PageCall) throws -> HTML {
        let only = call.viewer.managedProjects.count == 1 ? call.viewer.managedProjects.first?.name : nil
        let project = call.asked("project") ?? (call.viewer.administersAll ? nil : only)
        let form = AdministrationForm("new", url, creation(call), "Make the robot")
        return "<h2>A new robot</h2>\(try form.html(call, ["project": JSONValue(project)]))"
    }

    static func create(_ call: PageCall) async throws -> PageAnswer {
        let made = call.links.administration("robots", call["name"])
        return try await Submission.send(call, form: "new", to: made, done: .made, page: list) {
            APIQuestion(.post, ["robots"], body: .object(AdministrationForm.body(creation($0), $0)))
        }
    }

    // MARK: - One of them

    static func page(_ call: PageCall) async throws -> PageAnswer { try await page(call, newKey: "") }

    /// - Parameter newKey: what is shown once.
    static func page(_ call: PageCall, newKey: HTML) async throws -> PageAnswer {
        let name = call.path[2]
        let reply = try await call.reply(to: APIQuestion(.get, ["robots", name]))
        let robot = reply.body.object ?? JSONObject()
        let project = robot["project"]?.string
        let mayChange = project.map { call.viewer.manages(project: $0) } ?? call.viewer.administersAll
        return AdministrationPage.answer(
            name, in: .robots, call, about: "\(robot.text("description"))",
            beside: robot.flag("disabled") ? Parts.badge("disabled", .warn) : "",
            main: """
                \(newKey)
                <p>It signs in as <code>\(robot.text("username"))</code>\(project.map { ", and belongs to the project <a href=\"\(call.links.administration("projects", $0))\">\($0)</a>" as HTML }).</p>
                \(roles(name, project, call))
                <h2>API keys</h2>
                \(try await KeyPages.table(["robots", name], call.links.administration("robots", name, "keys"), rotates: mayChange, call))
                \(try mayChange ? KeyPages.form(name, call) : "")
                \(try mayChange ? forms(name, robot, tag: reply.tag, call) : "")
                """)
    }

    private static func roles(_ name: String, _ own: String?, _ call: PageCall) -> HTML {
        let known = call.viewer.snapshot.projects.filter { call.viewer.inspects || call.viewer.manages($0) }
        let rows = known.compactMap { project -> [HTML]? in
            guard let role = call.viewer.snapshot.role(of: .robot(name), in: project.id) else { return nil }
            return [
                "<a href=\"\(call.links.administration("projects", project.name))\">\(project.name)</a>",
                Parts.badge(role.rawValue),
            ]
        }
        guard rows.isEmpty else { return "<h2>Roles</h2>\(Parts.table(["Project", "Role"], id: "projects", rows))" }
        let where_: HTML =
            own.map { "<a href=\"\(call.links.administration("projects", $0))\">the page of the project \($0)</a>" }
            ?? "the page of a project"
        return Parts.notice(
            .warn, "<p>It has no role, so that it may do nothing yet. Give it one on \(where_), as <code>sa$\(name)</code>.</p>")
    }

    private static func forms(_ name: String, _ robot: JSONObject, tag: String?, _ call: PageCall) throws -> HTML {
        let form = AdministrationForm("settings", call.links.administration("robots", name), settings, "Save", tone: .plain)
        let deletion = AdministrationForm.deletion(
            of: name, call.links.administration("robots", name, "delete"), "Delete the robot")
        return """
            <h2>Settings</h2>\(try form.html(call, robot, tag: tag))
            <h2>Delete the robot</h2><p>With its keys and roles.</p>\(try deletion.html(call))
            """
    }

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "settings", to: call.links.administration("robots", name), done: .saved, page: page
        ) { APIQuestion(.patch, ["robots", name], body: .object(AdministrationForm.body(settings, $0))) }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "delete", to: AdministrationPage.Part.robots.url(call.links), done: .deleted, page: page
        ) {
            try Submission.requireName(name, $0)
            return APIQuestion(.delete, ["robots", name])
        }
    }
}
