internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveServing
internal import SaveStorage

/// API keys of one's own: made, shown once, replaced, revoked.
enum KeyForms {
    /// Days that a key may last.
    private static let lifetimes = [30, 90, 365]

    static func table(_ keys: [JSONObject], _ call: PageCall) throws -> HTML {
        guard !keys.isEmpty else { return "<p class=\"faint\">You have no keys yet.</p>" }
        let ordered = keys.sorted { ($0["created_at"]?.string ?? "") > ($1["created_at"]?.string ?? "") }
        let rows = try ordered.map { key -> [HTML] in
            func time(_ member: String) -> Timestamp? { key[member]?.string.flatMap { Timestamp(rfc3339: $0) } }
            let id = key["id"]?.string ?? ""
            let what = key["description"]?.string ?? ""
            let from: HTML = key["last_used_from"]?.string.map { " from \($0)" } ?? ""
            return [
                "\(what.isEmpty ? "no description" : what)<br><code class=\"faint\">\(id)</code>", scopes(of: key),
                Parts.time(time("created_at"), now: call.now),
                time("expires_at").map { Parts.time($0, now: call.now) } ?? "never",
                time("last_used_at").map { "\(Parts.time($0, now: call.now))\(from)" } ?? "never",
                try buttons(id, what, hasEnded: time("expires_at").map { $0 <= call.now } ?? false, call),
            ]
        }
        return Parts.table(["Key", "May", "Made", "Ends", "Last use", "Change#"], rows)
    }

    /// A key that has ended has nothing that another could take over.
    private static func buttons(_ id: String, _ what: String, hasEnded: Bool, _ call: PageCall) throws -> HTML {
        let url = "\(call.links.account)/keys/\(id)"
        let replace: HTML =
            hasEnded
            ? "" : "\(try AdministrationForm.button("Replace", url + "/rotate", label: "Replace the key \(what) \(id)", call)) "
        let revoke = try AdministrationForm.button(
            "Revoke", url + "/revoke", label: "Revoke the key \(what) \(id)", tone: .danger, call)
        return "\(replace)\(revoke)"
    }

    private static func scopes(of key: JSONObject) -> HTML {
        let scopes = key["scopes"]?.array?.compactMap(\.object) ?? []
        guard !scopes.isEmpty else { return "all that you may" }
        let texts = scopes.map { scope -> HTML in
            let permissions = (scope["permissions"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            return "\(permissions) in \(scope["resource"]?.string ?? "everything that you reach")"
        }
        return .joined(texts, by: "<br>")
    }

    static func form(_ call: PageCall) throws -> HTML {
        let target = wanted(call)
        // What was typed stays after a mistake.
        let typed = call.refused?.form == "key" ? call.form : nil
        let ends = KeyLifetimes.choices(lifetimes, limit: call.context.maxKeyLifetime)
        let wantedEnd = typed.map { $0["days"] ?? "" } ?? KeyLifetimes.usual(ends)
        let choices = ends.map { end -> HTML in
            end.value == wantedEnd
                ? "<option value=\"\(end.value)\" selected>\(end.label)</option>"
                : "<option value=\"\(end.value)\">\(end.label)</option>"
        }
        let about = typed?["description"] ?? target.map { "For \($0.record.coordinates)" } ?? ""
        return """
            <h3 id="new-key">A new key</h3>
            <form class="form narrow" method="post" action="\(call.links.account)/keys">
            \(FormToken.input(call.session?.token ?? ""))\(try SentForms.input())
            <label for="description">What it is for</label>
            <input id="description" name="description" maxlength="200" required value="\(about)" aria-describedby="description-hint">
            <p class="hint" id="description-hint">Such as the machine that has it: you will want to know when you revoke it.</p>
            <label for="reach">What it may do</label>
            <select id="reach" name="reach">
            \(reaches(target, call))
            </select>
            <label for="days">It ends in</label>
            <select id="days" name="days">
            \(choices)
            </select>
            <button class="go">Make the key</button>
            </form>
            """
    }

    /// The repository that the key is made for, where somebody came from its page.
    private static func wanted(_ call: PageCall) -> Repository? {
        (call.asked("for") ?? call.form?["reach"]).flatMap { call.viewer.repository(coordinates: reach($0).resource) }
    }

    private static func reaches(_ target: Repository?, _ call: PageCall) -> HTML {
        var choices: [(value: String, label: String)] = []
        if let target {
            let name = target.record.coordinates
            // What is hosted here is read through a group: its own address is for those who publish.
            if target.record.kind == .hosted, call.viewer.may(.write, target) {
                choices.append(("write:\(name)", "read \(name) and publish to it"))
            }
            choices.append(("read:\(name)", "read \(name)"))
        }
        choices.append(("read:", "read everything that I may read"))
        choices.append(("", "all that I may, but for accounts and keys"))
        let typed = call.refused?.form == "key" ? call.form?["reach"] : nil
        let wanted = choices.first { $0.value == typed }?.value ?? choices.first?.value
        let options = choices.map { choice -> HTML in
            choice.value == wanted
                ? "<option value=\"\(choice.value)\" selected>\(choice.label)</option>"
                : "<option value=\"\(choice.value)\">\(choice.label)</option>"
        }
        return .joined(options, by: "\n")
    }

    /// `read:project/repository`, in two.
    private static func reach(_ text: String) -> (what: String, resource: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return ("", text) }
        return (String(Substring(text.utf8[..<colon])), String(Substring(text.utf8[text.utf8.index(after: colon)...])))
    }

    static func make(_ call: PageCall) async throws -> PageAnswer {
        try await issue(call, "This is the new key.") {
            APIQuestion(.post, ["user", "keys"], body: .object(try body(call)))
        }
    }

    static func rotate(_ call: PageCall) async throws -> PageAnswer {
        try await issue(call, "This key takes the place of the other, which works for one more day at most.") {
            APIQuestion(.post, ["user", "keys", call.path[2], "rotate"], body: [:])
        }
    }

    /// - Parameter about: what is said of the key that is shown.
    private static func issue(_ call: PageCall, _ about: String, _ question: () throws -> APIQuestion) async throws -> PageAnswer
    {
        let key: JSONObject
        do {
            let made = try await call.sentForms.once(call) { try await call.ask(try question()) }
            guard let made else { return try await AccountPage.page(call, notice: sentAlready, status: 409) }
            key = made
        } catch let error as SaveError where [.invalidRequest, .forbidden, .conflict].contains(error.code) {
            var again = call
            again.refused = RefusedForm(form: "key", error: error)
            var answer = try await AccountPage.page(
                again, notice: Parts.notice(.bad, "<p>\(FailurePage.sentence(error.message))</p>"),
                status: ErrorResponder.status(of: error.code))
            answer.refusal = error
            return answer
        }
        let notice = await shown(key["key"]?.string ?? "", about, call)
        // The key is shown whatever becomes of the rest of the page: it is never shown again.
        return (try? await AccountPage.page(call, notice: notice, status: 201))
            ?? PageAnswer("Account", section: .account, status: 201, main: notice)
    }

    /// For a form that is sent again.
    private static let sentAlready = Parts.notice(
        .plain,
        "<p><strong>This form was sent already: its key is in the table below.</strong> A key is shown once. If you did not copy it, revoke it there and make another.</p>"
    )

    /// What the API is asked for.
    ///
    /// - Throws: `invalidRequest` for what the form does not offer.
    private static func body(_ call: PageCall) throws -> JSONObject {
        var body: JSONObject = ["description": .string(call["description"])]
        // A form without the field chose nothing.
        let end = try KeyLifetimes.end(call.form?["days"] ?? "none", of: lifetimes, call)
        if let end { body["expires_at"] = .string(end.rfc3339) }
        let (what, resource) = reach(call["reach"])
        let repository = call.viewer.repository(coordinates: resource)
        switch (call.form?["reach"], what) {
        case (""?, _): break
        case (_?, "read") where resource.isEmpty || repository != nil, (_?, "write") where repository?.record.kind == .hosted:
            body["scopes"] = .array(scopes(what, resource, call))
        default: throw SaveError.invalid("reach", "choose what the key may do, as the form offers it")
        }
        return body
    }

    /// Reading a group takes reading its members.
    static func scopes(_ what: String, _ resource: String, _ call: PageCall) -> [JSONValue] {
        let permissions: JSONValue = what == "write" ? ["read", "write"] : ["read"]
        guard let repository = call.viewer.repository(coordinates: resource) else {
            return [["resource": resource.isEmpty ? .null : .string(resource), "permissions": permissions]]
        }
        var reached = [repository]
        var seen: Set<Int64> = [repository.record.id]
        var queue = call.viewer.members(of: repository)
        while let next = queue.popLast() {
            guard seen.insert(next.record.id).inserted else { continue }
            reached.append(next)
            if next.record.kind == .group { queue += call.viewer.members(of: next) }
        }
        return reached.map { ["resource": .string($0.record.coordinates), "permissions": permissions] }
    }

    /// The key, once, with what clients need.
    private static func shown(_ key: String, _ about: String, _ call: PageCall) async -> HTML {
        var snippets: HTML = ""
        if let repository = wanted(call) { snippets = await KeySnippets.html(key, for: repository, call) }
        return Parts.notice(
            .ok, "<p><strong>\(about) It is shown once: copy it now.</strong></p>\(Parts.copy(key))\(snippets)")
    }

    static func revoke(_ call: PageCall) async throws -> PageAnswer {
        _ = try await call.sentForms.once(call) {
            try await call.ask(APIQuestion(.delete, ["user", "keys", call.path[2]]))
        }
        return PageAnswer(redirectTo: call.links.account)
    }
}
