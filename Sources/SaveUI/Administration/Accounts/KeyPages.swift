internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// API keys of others: of robots, made and shown once; of people, looked at and revoked.
enum KeyPages {
    private static let lifetimes = [30, 90, 365, 1825]

    /// - Parameters:
    ///   - path: of the owner in the REST API.
    ///   - url: of what is done to the owner's keys.
    static func table(_ path: [String], _ url: String, rotates: Bool = false, _ call: PageCall) async throws -> HTML {
        let (keys, next) = try await call.list(path + ["keys"], [("limit", "1000")])
        guard !keys.isEmpty else { return "<p class=\"faint\">There are none.</p>" }
        let mayRevoke = rotates || call.viewer.administersAll
        let rows = try keys.sorted { $0.text("created_at") > $1.text("created_at") }.map { key -> [HTML] in
            let id = key.text("id")
            let about = key.text("description")
            let from: HTML = key["last_used_from"]?.string.map { " from \($0)" } ?? ""
            let rotation: HTML =
                rotates
                ? "\(try AdministrationForm.button("Replace", "\(url)/\(id)/rotate", label: "Replace the key \(about) \(id)", call)) "
                : ""
            let revocation: HTML =
                mayRevoke
                ? try AdministrationForm.button(
                    "Revoke", "\(url)/\(id)/revoke", label: "Revoke the key \(about) \(id)", tone: .danger, call) : ""
            return [
                "\(about.isEmpty ? "no description" : about)<br><code class=\"faint\">\(id)</code>", scopes(of: key),
                key.time("expires_at").map { Parts.time($0, now: call.now) } ?? "never",
                key.time("last_used_at").map { "\(Parts.time($0, now: call.now))\(from)" } ?? "never", "\(rotation)\(revocation)",
            ]
        }
        let rest: HTML = next == nil ? "" : "<p>There are more keys than are shown: the REST API lists all.</p>"
        return "\(Parts.table(["Key", "May", "Ends", "Last use", mayRevoke ? "Change#" : ""], id: "keys", rows))\(rest)"
    }

    private static func scopes(of key: JSONObject) -> HTML {
        let scopes = key["scopes"]?.array?.compactMap(\.object) ?? []
        guard !scopes.isEmpty else { return "all that its owner may" }
        return .joined(
            scopes.map { scope in
                let permissions = (scope["permissions"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
                return "\(permissions) in \(scope["resource"]?.string ?? "all that its owner reaches")"
            }, by: "<br>")
    }

    static func form(_ robot: String, _ call: PageCall) throws -> HTML {
        let reached = call.viewer.managedRepositories.map(\.record.coordinates)
        let ends = KeyLifetimes.choices(lifetimes, limit: call.context.maxKeyLifetime)
        let fields = [
            FormField("description", "What it is for", hint: "Such as the machine that has it.", required: true),
            FormField(
                "resource", "Only in", hint: "A project, or a repository as project/name. Empty for all that the robot may.",
                suggestions: reached),
            FormField(
                "may", "It may",
                .choice([
                    FormField.Choice("read", "read"), FormField.Choice("write", "read and publish"),
                    FormField.Choice("", "all that the robot may"),
                ])),
            FormField("days", "It ends in", .choice(ends)),
        ]
        let form = AdministrationForm("key", call.links.administration("robots", robot, "keys"), fields, "Make the key")
        return "<h3>A new key</h3>\(try form.html(call, ["may": "read", "days": .string(KeyLifetimes.usual(ends))]))"
    }

    /// - Throws: `invalidRequest` for what the form does not offer.
    private static func body(_ call: PageCall) throws -> JSONObject {
        var body: JSONObject = ["description": .string(call["description"])]
        if let end = try KeyLifetimes.end(call["days"], of: lifetimes, call) { body["expires_at"] = .string(end.rfc3339) }
        let resource = call["resource"]
        if call["may"] == "write", call.viewer.repository(coordinates: resource)?.record.kind == .group {
            throw SaveError.invalid(
                "resource", "nothing is published to a group: name the hosted repository that it is published to")
        }
        switch call["may"] {
        case "" where resource.isEmpty: break
        case "read", "write": body["scopes"] = .array(KeyForms.scopes(call["may"], resource, call))
        case "":
            throw SaveError.invalid("may", "a key for one place says what it may do there: read, or read and publish")
        default: throw SaveError.invalid("may", "choose what the key may do, as the form offers it")
        }
        return body
    }

    static func make(_ call: PageCall) async throws -> PageAnswer {
        let robot = call.path[2]
        return try await Submission.once(call, form: "key", sentAlready: sentAlready(robot, call), page: RobotPages.page) {
            let made = try await call.ask(APIQuestion(.post, ["robots", robot, "keys"], body: .object(try body(call))))
            return try await shown(made, robot, about: "This is the new key.", call)
        }
    }

    static func rotate(_ call: PageCall) async throws -> PageAnswer {
        let (robot, id) = (call.path[2], call.path[4])
        return try await Submission.once(call, form: "rotate", sentAlready: sentAlready(robot, call), page: RobotPages.page) {
            let made = try await call.ask(APIQuestion(.post, ["robots", robot, "keys", id, "rotate"], body: [:]))
            return try await shown(
                made, robot, about: "This key takes the place of the other, which works for one more day at most.", call)
        }
    }

    static func revoke(_ call: PageCall) async throws -> PageAnswer {
        let (robot, id) = (call.path[2], call.path[4])
        return try await Submission.send(
            call, form: "revoke", to: call.links.administration("robots", robot), done: .revoked, page: RobotPages.page
        ) { _ in APIQuestion(.delete, ["robots", robot, "keys", id]) }
    }

    private static func sentAlready(_ robot: String, _ call: PageCall) -> PageAnswer {
        PageAnswer(redirectTo: call.links.administration("robots", robot) + "#keys")
    }

    /// The key, once, with what clients need.
    private static func shown(_ made: JSONObject, _ robot: String, about: String, _ call: PageCall) async throws -> PageAnswer {
        let key = made.text("key")
        var snippets: HTML = ""
        if let repository = call.viewer.repository(coordinates: call["resource"]) {
            snippets = await KeySnippets.html(key, for: repository, as: "sa$" + robot, call)
        }
        let notice = Parts.notice(
            .ok, "<p><strong>\(about) It is shown once: copy it now.</strong></p>\(Parts.copy(key))\(snippets)")
        var clean = call
        clean.form = nil
        // The key is shown whatever becomes of the rest of the page: it is never shown again.
        var answer =
            (try? await RobotPages.page(clean, newKey: notice)) ?? PageAnswer(robot, section: .administration, main: notice)
        answer.status = 201
        return answer
    }
}
