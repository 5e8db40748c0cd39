internal import SaveHTTP
internal import SavePlatform

/// What a policy would have done to what was downloaded of late, before it counts.
enum PolicyTrial {
    private static let days: Int64 = 30
    private static let most = 200

    /// - Returns: nothing where nobody asked for it.
    static func html(_ call: PageCall, scope: String) async throws -> HTML {
        guard call["way"] == "preview" else { return "" }
        var policy = PolicyFields.body(isNew: call.form?["scope"] != nil, call)
        policy["scope"] = .string(scope)
        let since = call.now.adding(seconds: -days * 86_400)
        let found = try await call.ask(
            APIQuestion(
                .post, ["policies", "preview"], body: .object(["policy": .object(policy), "since": .string(since.rfc3339)])))
        let items = found["items"]?.array?.compactMap(\.object) ?? []
        let looked = Figures.count(Int(clamping: found["downloads"]?.integer ?? 0))
        let part: HTML = found.flag("whole") ? "" : " More were recorded; these are the latest."
        guard !items.isEmpty else {
            let hint: HTML =
                looked == "0"
                ? " Repositories record them where their settings say so: <strong>The audit trail tells who downloaded which file</strong>."
                : ""
            return notice(
                .ok,
                "<p><strong>It would have refused nothing</strong> of the \(looked) downloads recorded in \(Int(days)) days.\(part)\(hint)</p>"
            )
        }
        let rows = items.prefix(most).map { item -> [HTML] in
            let verdict = item.text("verdict")
            return [
                Parts.time(item.time("time"), now: call.now), "\(item.text("actor"))", "\(item.text("repository"))",
                "\(item.text("path"))", Parts.badge(verdict, verdict == "deny" ? .bad : .warn), "\(item.text("reason"))",
            ]
        }
        let rest: HTML = items.count > most ? " The first \(most) are shown." : ""
        return """
            \(notice(.warn, "<p><strong>It would have affected \(Figures.several(items.count, "download"))</strong> of \(looked) recorded in \(Int(days)) days.\(part)\(rest)</p>"))
            \(Parts.table(["When", "Account", "Repository", "File", "Verdict", "Reason"], id: "trial", Array(rows)))
            """
    }

    private static func notice(_ tone: Parts.Tone, _ text: HTML) -> HTML {
        "<div role=\"status\">\(Parts.notice(tone, text))</div>"
    }

    /// What was typed stays, as after a mistake.
    static func shownAgain(_ call: PageCall, form: String) -> PageCall {
        guard call.refused == nil, call["way"] == "preview" else { return call }
        var again = call
        again.refused = RefusedForm(form: form, error: SaveError(.invalidRequest, ""))
        return again
    }
}
