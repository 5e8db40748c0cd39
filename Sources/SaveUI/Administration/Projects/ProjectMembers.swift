internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The members of a project, each with a role.
enum ProjectMembers {
    private static let roles = [
        FormField.Choice("viewer", "viewer: reads"), FormField.Choice("developer", "developer: reads and publishes"),
        FormField.Choice("owner", "owner: manages the project as well"),
    ]

    static func section(_ project: String, mayChange: Bool, _ call: PageCall) async throws -> HTML {
        let keyset = Keyset(call)
        let (members, next) = try await call.list(["projects", project, "members"], keyset.query())
        let url = call.links.administration("projects", project)
        let rows = try members.map { member -> [HTML] in
            let name = member.text("principal")
            let role = Parts.badge(member.text("role"), member.text("role") == "owner" ? .note : .plain)
            guard mayChange else { return [label(name, call), role] }
            return [
                label(name, call), role,
                try AdministrationForm.button(
                    "Remove", call.links.administration("projects", project, "members", "remove"),
                    label: "Take the role of \(name) away", tone: .danger, hidden: [("principal", name)], call),
            ]
        }
        let table =
            rows.isEmpty
            ? "<p class=\"faint\">It has none yet: only administrators and auditors see it.</p>"
            : Parts.table(["Member", "Role"] + (mayChange ? ["Remove#"] : []), id: "members", rows)
        return """
            <h2>Members</h2>\(table)\(keyset.links(next: next, url))
            \(try mayChange ? form(project, call).html(call, ["role": "developer"]) : "")
            """
    }

    private static func label(_ name: String, _ call: PageCall) -> HTML {
        guard name.utf8.starts(with: "sa$".utf8) else { return "\(name)" }
        let robot = String(Substring(name.utf8.dropFirst(3)))
        return "<a href=\"\(call.links.administration("robots", robot))\">\(name)</a> \(Parts.badge("robot"))"
    }

    private static func form(_ project: String, _ call: PageCall) -> AdministrationForm {
        AdministrationForm(
            "member", call.links.administration("projects", project, "members"),
            [
                FormField(
                    "principal", "Give a role to", hint: "A user name, or sa$ and the name of a robot", required: true),
                FormField("role", "Role", .choice(roles)),
            ], "Give the role", tone: .plain)
    }

    static func put(_ call: PageCall) async throws -> PageAnswer {
        let project = call.path[2]
        return try await Submission.send(
            call, form: "member", to: call.links.administration("projects", project), done: .saved, page: ProjectPages.page
        ) {
            APIQuestion(
                .put, ["projects", project, "members", $0["principal"]], body: .object(["role": .string($0["role"])]))
        }
    }

    static func remove(_ call: PageCall) async throws -> PageAnswer {
        let project = call.path[2]
        return try await Submission.send(
            call, form: "remove", to: call.links.administration("projects", project), done: .removed, page: ProjectPages.page
        ) { APIQuestion(.delete, ["projects", project, "members", $0["principal"]]) }
    }
}
