internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Accounts of people.
enum UserPages {
    private static let role = FormField(
        "role", "Role in the whole server",
        .choice([
            FormField.Choice("user", "user: what memberships give"), FormField.Choice("auditor", "auditor: sees everything"),
            FormField.Choice("admin", "admin: does everything"),
        ]))
    private static let password = FormField(
        "password", "Password", .secret, hint: "At least 8 characters. It is stored as a hash, and nobody reads it back.",
        required: true)
    private static let disabled = FormField("disabled", "Sign-ins are refused", .flag)
    private static let creation = [FormField("username", "User name", required: true), password, role]

    static func list(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let (users, next) = try await call.list(["users"], keyset.query() + call.kept("q"))
        let rows = users.map { user -> [HTML] in
            let name = user.text("username")
            return [
                "<a href=\"\(call.links.administration("users", name))\">\(name)</a> \(state(user))",
                user.text("role") == "user" ? "user" : Parts.badge(user.text("role"), .note),
                Parts.time(user.time("created_at"), now: call.now),
            ]
        }
        let url = AdministrationPage.Part.users.url(call.links)
        let form = AdministrationForm("new", url, creation, "Make the user")
        let new: HTML = call.viewer.administersAll ? "<h2>A new user</h2>\(try form.html(call))" : ""
        return AdministrationPage.answer(
            "Users", in: .users, call,
            main: """
                \(ListFilter.html(url, call, label: "Find a user by a part of the name"))
                \(rows.isEmpty ? "<p class=\"faint\">There is no such user.</p>" : Parts.table(["User", "Role", "Made"], rows))
                \(keyset.links(next: next, url, kept: call.kept("q")))
                \(new)
                """)
    }

    private static func state(_ account: JSONObject) -> HTML { account.flag("disabled") ? Parts.badge("disabled", .warn) : "" }

    static func create(_ call: PageCall) async throws -> PageAnswer {
        let made = call.links.administration("users", call["username"])
        return try await Submission.send(call, form: "new", to: made, done: .made, page: list) {
            APIQuestion(.post, ["users"], body: .object(AdministrationForm.body(creation, $0)))
        }
    }

    // MARK: - One of them

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        guard call.viewer.inspects else {
            throw SaveError(.forbidden, "only administrators and auditors may see this")
        }
        let reply = try await call.reply(to: APIQuestion(.get, ["users", name]))
        let user = reply.body.object ?? JSONObject()
        return AdministrationPage.answer(
            name, in: .users, call,
            beside: "\(user.text("role") == "user" ? "" : Parts.badge(user.text("role"), .note)) \(state(user))",
            main: """
                \(memberships(name, call))
                <h2>API keys</h2>
                \(try await KeyPages.table(["users", name], call.links.administration("users", name, "keys"), call))
                \(try call.viewer.administersAll ? forms(name, user, tag: reply.tag, call) : "")
                """)
    }

    private static func memberships(_ name: String, _ call: PageCall) -> HTML {
        let projects = call.viewer.snapshot.projects.compactMap { project -> [HTML]? in
            guard let role = call.viewer.snapshot.role(of: .user(name), in: project.id) else { return nil }
            return [
                "<a href=\"\(call.links.administration("projects", project.name))\">\(project.name)</a>",
                Parts.badge(role.rawValue),
            ]
        }
        guard !projects.isEmpty else { return "<p class=\"faint\">A member of no project.</p>" }
        return "<h2>Projects</h2>\(Parts.table(["Project", "Role"], id: "projects", projects))"
    }

    private static func forms(_ name: String, _ user: JSONObject, tag: String?, _ call: PageCall) throws -> HTML {
        let settings = AdministrationForm(
            "settings", call.links.administration("users", name), [role, disabled], "Save", tone: .plain)
        let secret = AdministrationForm(
            "password", call.links.administration("users", name, "password"), [password], "Set the password", tone: .plain)
        let deletion = AdministrationForm.deletion(
            of: name, call.links.administration("users", name, "delete"), "Delete the user")
        return """
            <h2>Role</h2>\(try settings.html(call, user, tag: tag))
            <h2>Password</h2>\(try secret.html(call))
            <h2>Delete the user</h2><p>With all keys and memberships. What they did stays in the audit trail.</p>\(try deletion.html(call))
            """
    }

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "settings", to: call.links.administration("users", name), done: .saved, page: page
        ) { APIQuestion(.patch, ["users", name], body: .object(AdministrationForm.body([role, disabled], $0))) }
    }

    static func setPassword(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "password", to: call.links.administration("users", name), done: .password, page: page
        ) { APIQuestion(.put, ["users", name, "password"], body: .object(AdministrationForm.body([password], $0))) }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let name = call.path[2]
        return try await Submission.send(
            call, form: "delete", to: AdministrationPage.Part.users.url(call.links), done: .deleted, page: page
        ) {
            try Submission.requireName(name, $0)
            return APIQuestion(.delete, ["users", name])
        }
    }

    static func revoke(_ call: PageCall) async throws -> PageAnswer {
        let (name, id) = (call.path[2], call.path[4])
        return try await Submission.send(
            call, form: "revoke", to: call.links.administration("users", name), done: .revoked, page: page
        ) { _ in APIQuestion(.delete, ["users", name, "keys", id]) }
    }
}
