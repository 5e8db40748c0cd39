internal import SaveHTTP
internal import SavePlatform

/// Exceptions from policies that were asked for: granted, or not.
enum WaiverPages {
    static func list(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let state = call.asked("state") ?? "requested"
        let filter = state == "all" ? [] : [("state", state)]
        let (waivers, next) = try await call.list(["waivers"], keyset.query() + filter)
        let url = AdministrationPage.Part.waivers.url(call.links)
        let picks = [("Requested", "requested"), ("Granted", "granted"), ("All", "all")].map { name, value in
            (text: name, url: Links.url(url, [("state", value)]), isCurrent: value == state)
        }
        let rows = try waivers.map { try row($0, call) }
        let empty: HTML = "<p class=\"faint\">\(state == "requested" ? "Nobody waits for an answer." : "There is none.")</p>"
        let table = Parts.table(["For", "Policy", "Why", "Asked by", "Until", "Answer#"], id: "waivers", rows)
        return AdministrationPage.answer(
            "Waivers", in: .waivers, call,
            about: "A waiver lets versions of a package pass a policy, in one project and until a day.",
            main: """
                \(Parts.links("pick", "State", picks))
                \(rows.isEmpty ? empty : table)
                \(keyset.links(next: next, url, kept: call.kept("state")))
                """)
    }

    private static func row(_ waiver: JSONObject, _ call: PageCall) throws -> [HTML] {
        let id = String(waiver["id"]?.integer ?? 0)
        let package = waiver.text("package")
        let isGranted = waiver.text("state") == "granted"
        let state: HTML =
            !isGranted
            ? Parts.badge("requested", .note) : waiver.flag("active") ? Parts.badge("granted", .ok) : Parts.badge("ended")
        let project = waiver.text("project")
        var buttons: HTML = ""
        if call.viewer.manages(project: project) {
            let grant: HTML =
                isGranted
                ? ""
                : "\(try AdministrationForm.button("Grant", call.links.administration("waivers", id, "grant"), label: "Grant the waiver for \(package)", tone: .go, call)) "
            let end = isGranted ? "End" : "Refuse"
            buttons =
                "\(grant)\(try AdministrationForm.button(end, call.links.administration("waivers", id, "end"), label: "\(end) the waiver for \(package)", tone: .danger, call))"
        }
        return [
            "<code>\(package)</code><br>in \(project) \(state)", "\(waiver.text("policy"))", "\(waiver.text("reason"))",
            "\(waiver.text("requested_by"))\(waiver["granted_by"]?.string.map { "<br><span class=\"faint\">granted by \($0)</span>" as HTML })",
            Parts.time(waiver.time("until"), now: call.now), buttons,
        ]
    }

    static func grant(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let url = AdministrationPage.Part.waivers.url(call.links)
        return try await Submission.send(call, form: "grant", to: url, done: .granted, page: list) { _ in
            APIQuestion(.patch, ["waivers", id], body: ["state": "granted"])
        }
    }

    static func end(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let url = AdministrationPage.Part.waivers.url(call.links)
        return try await Submission.send(call, form: "end", to: url, done: .denied, page: list) { _ in
            APIQuestion(.delete, ["waivers", id])
        }
    }
}
