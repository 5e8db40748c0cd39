internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Policies: in the order in which they are asked, made and changed, and tried on what was downloaded.
enum PolicyPages {
    static func list(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let (policies, next) = try await call.list(["policies"], keyset.query() + call.kept("q"))
        let rows = policies.map { policy -> [HTML] in
            [
                "<a href=\"\(call.links.administration("policies", number(policy)))\">\(policy.text("name"))</a> \(state(policy))",
                action(policy), "\(policy.text("scope"))", "\(policy.text("description"))", "\(policy["priority"]?.integer ?? 0)",
            ]
        }
        let url = AdministrationPage.Part.policies.url(call.links)
        let new: HTML =
            mayMake(call) ? "<a class=\"button go\" href=\"\(call.links.administration("policies", "new"))\">New policy</a>" : ""
        return AdministrationPage.answer(
            "Policies", in: .policies, call, about: "Which files clients get. The first that matches a file decides.",
            beside: new,
            main: """
                \(ListFilter.html(url, call, label: "Find a policy by a part of its name"))
                \(rows.isEmpty ? "<p class=\"faint\">There is none: clients get every file that there is.</p>" : Parts.table(["Policy", "Does", "Counts in", "What it is for", "Priority#"], rows))
                \(keyset.links(next: next, url, kept: call.kept("q")))
                """)
    }

    private static func mayMake(_ call: PageCall) -> Bool { call.viewer.administersAll || !call.viewer.managedProjects.isEmpty }
    private static func number(_ policy: JSONObject) -> String { String(policy["id"]?.integer ?? 0) }

    private static func state(_ policy: JSONObject) -> HTML {
        guard policy.flag("enabled") else { return Parts.badge("off") }
        return policy.flag("dry_run") ? Parts.badge("dry run", .note) : ""
    }

    private static func action(_ policy: JSONObject) -> HTML {
        let action = policy.text("action")
        return Parts.badge(action, action == "deny" ? .bad : action == "warn" ? .warn : .ok)
    }

    // MARK: - A new one

    static func new(_ call: PageCall) async throws -> PageAnswer {
        guard mayMake(call) else { throw SaveError(.forbidden, "only administrators, and owners of a project, make policies") }
        let form = AdministrationForm(
            "new", call.links.administration("policies", "new"), PolicyFields.all(isNew: true, call), "Make the policy",
            otherWay: ("preview", "Try it on recorded downloads"))
        return AdministrationPage.answer(
            "New policy", in: .policies, call,
            main: """
                \(try await call.refused == nil ? PolicyTrial.html(call, scope: call["scope"]) : "")
                \(try form.html(PolicyTrial.shownAgain(call, form: "new"), PolicyFields.standard))
                """)
    }

    static func create(_ call: PageCall) async throws -> PageAnswer {
        if call["way"] == "preview" {
            do { return try await new(call) } catch { return try await Submission.refused(error, call, form: "new", page: new) }
        }
        return try await Submission.send(
            call, form: "new", to: AdministrationPage.Part.policies.url(call.links), done: .made, page: new
        ) { APIQuestion(.post, ["policies"], body: .object(PolicyFields.body(isNew: true, $0))) }
    }

    // MARK: - One of them

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let reply = try await call.reply(to: APIQuestion(.get, ["policies", id]))
        let policy = reply.body.object ?? JSONObject()
        let (name, scope) = (policy.text("name"), policy.text("scope"))
        let mayChange = call.viewer.manages(scope: scope)
        let fields = PolicyFields.all(isNew: false, call)
        let url = call.links.administration("policies", id)
        let form = AdministrationForm("settings", url, fields, "Save", otherWay: ("preview", "Try it on recorded downloads"))
        let deletion = AdministrationForm.deletion(
            of: name, call.links.administration("policies", id, "delete"), "Delete the policy")
        let trial: HTML = try await call.refused == nil ? PolicyTrial.html(call, scope: scope) : ""
        let main: HTML =
            mayChange
            ? """
            \(trial)\(try form.html(PolicyTrial.shownAgain(call, form: "settings"), PolicyFields.values(policy), tag: reply.tag))
            <h2>Delete the policy</h2>\(try deletion.html(call))
            """ : Parts.facts(facts(PolicyFields.values(policy), fields))
        return AdministrationPage.answer(
            name, in: .policies, call, about: "It counts in \(scope).", beside: "\(action(policy)) \(state(policy))", main: main)
    }

    private static func facts(_ policy: JSONObject, _ fields: [FormField]) -> [(name: String, value: HTML)] {
        fields.compactMap { field in
            let path = field.name.split(separator: ".").map(String.init)
            guard let value = path.count == 2 ? policy[path[0]]?.object?[path[1]] : policy[field.name] else { return nil }
            if case .bool(let flag) = value { return (field.label, flag ? "yes" : "no") }
            return (field.label, "\(FormField.typed(value))")
        }
    }

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        if call["way"] == "preview" {
            do { return try await page(call) } catch {
                return try await Submission.refused(error, call, form: "settings", page: page)
            }
        }
        return try await Submission.send(
            call, form: "settings", to: call.links.administration("policies", id), done: .saved, page: page
        ) { APIQuestion(.patch, ["policies", id], body: .object(PolicyFields.body(isNew: false, $0))) }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let name = try await call.ask(APIQuestion(.get, ["policies", id])).text("name")
        return try await Submission.send(
            call, form: "delete", to: AdministrationPage.Part.policies.url(call.links), done: .deleted, page: page
        ) {
            try Submission.requireName(name, $0)
            return APIQuestion(.delete, ["policies", id])
        }
    }
}

extension Viewer {
    /// Whether they make and change what counts in a scope, as the REST API names it.
    func manages(scope: String) -> Bool {
        if administersAll { return true }
        guard let colon = scope.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let project = scope.utf8[scope.utf8.index(after: colon)...].prefix { $0 != UInt8(ascii: "/") }
        return manages(project: String(Substring(project)))
    }
}
