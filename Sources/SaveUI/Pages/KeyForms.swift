internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveServing
internal import SaveStorage

/// API keys of one's own: made, shown once, revoked.
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
                """
                <form method="post" action="\(call.links.account)/keys/\(id)/revoke">\(FormToken.input(call.session?.token ?? ""))\
                \(try SentForms.input())\
                <button class="danger" aria-label="Revoke the key \(what) \(id)">Revoke</button></form>
                """,
            ]
        }
        return Parts.table(["Key", "May", "Made", "Ends", "Last use", "Revoke#"], rows)
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
        let wantedDays = typed.map { $0["days"] ?? "" } ?? "90"
        let choices = lifetimes.map { days -> HTML in
            String(days) == wantedDays
                ? "<option value=\"\(days)\" selected>\(days) days</option>" : "<option value=\"\(days)\">\(days) days</option>"
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
            <option value=""\(wantedDays.isEmpty ? " selected" : "" as HTML)>never</option>
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
            choices.append(("read:\(name)", "read \(name)"))
            if target.record.kind == .hosted, call.viewer.may(.write, target) {
                choices.append(("write:\(name)", "read \(name) and publish to it"))
            }
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
        guard try await call.sentForms.begin(call) else {
            return try await AccountPage.page(call, notice: sentAlready, status: 409)
        }
        let key: JSONObject
        do {
            key = try await call.ask(APIQuestion(.post, ["user", "keys"], body: .object(try body(call))))
            call.sentForms.finish(call)
        } catch {
            // Nothing came of it: the same form may be sent once more.
            call.sentForms.forget(call)
            guard let error = error as? SaveError, [.invalidRequest, .forbidden].contains(error.code) else { throw error }
            var again = call
            again.refused = RefusedForm(form: "key", error: error)
            return try await AccountPage.page(
                again, notice: Parts.notice(.bad, "<p>\(FailurePage.sentence(error.message))</p>"),
                status: ErrorResponder.status(of: error.code))
        }
        let notice = await shown(key["key"]?.string ?? "", call)
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
        let days = call.form?["days"]
        guard let days, days.isEmpty || lifetimes.contains(where: { String($0) == days }) else {
            throw SaveError.invalid("days", "choose when the key ends, as the form offers it")
        }
        if let days = Int64(days) { body["expires_at"] = .string(call.now.adding(seconds: days * 86_400).rfc3339) }
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

    /// The key, once, with what its first client needs.
    private static func shown(_ key: String, _ call: PageCall) async -> HTML {
        var snippet: HTML = ""
        if let repository = wanted(call) {
            let setUp = await SetUp(of: repository, call)
            if let example = setUp.examples.first(where: { $0.file != nil && Words.contains("KEY", in: setUp.text(of: $0)) }) {
                snippet = """
                    <p>For \(example.client), put this into <code>\(example.file ?? "")</code>, or \
                    <a href="\(call.links.repository(repository))">choose another client</a>:</p>\(Parts.copy(setUp.text(of: example, key: key)))
                    """
            }
        }
        return Parts.notice(
            .ok, "<p><strong>This is the new key. It is shown once: copy it now.</strong></p>\(Parts.copy(key))\(snippet)")
    }

    static func revoke(_ call: PageCall) async throws -> PageAnswer {
        let answer = PageAnswer(redirectTo: call.links.account)
        guard try await call.sentForms.begin(call) else { return answer }
        do {
            _ = try await call.ask(APIQuestion(.delete, ["user", "keys", call.path[2]]))
            call.sentForms.finish(call)
        } catch {
            call.sentForms.forget(call)
            throw error
        }
        return answer
    }
}
