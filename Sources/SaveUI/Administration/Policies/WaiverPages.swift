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
        let importing: HTML =
            call.viewer.administersAll || !call.viewer.managedProjects.isEmpty
            ? " <a class=\"button\" href=\"\(call.links.administration("waivers", "import"))\">Import OpenVEX</a>" : ""
        let empty: HTML = "<p class=\"faint\">\(state == "requested" ? "Nobody waits for an answer." : "There is none.")</p>"
        let table = Parts.table(["For", "Policy", "Why", "Asked by", "Until", "Answer#"], id: "waivers", rows)
        return AdministrationPage.answer(
            "Waivers", in: .waivers, call,
            about: "A waiver lets versions of a package pass a policy, in one project and until a day.",
            main: """
                \(Parts.links("pick", "State", picks))
                \(rows.isEmpty ? empty : table)
                \(keyset.links(next: next, url, kept: call.kept("state")))
                <p class="buttons"><a class="button" href="\(call.links.administration("waivers", "openvex.json"))">Export those of advisories as OpenVEX</a>\(importing)</p>
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
            let isOver = waiver.time("until").map { $0 <= call.now } ?? false
            let grant: HTML =
                isGranted
                ? ""
                : isOver
                    ? "<a class=\"button\" href=\"\(call.links.administration("waivers", id))\">Choose another end</a> "
                    : "\(try AdministrationForm.button("Grant", call.links.administration("waivers", id, "grant"), label: "Grant the waiver for \(package)", tone: .go, call)) "
            let end = isGranted ? "End" : "Refuse"
            buttons =
                "\(grant)\(try AdministrationForm.button(end, call.links.administration("waivers", id, "end"), label: "\(end) the waiver for \(package)", tone: .danger, call))"
        }
        return [
            "<a href=\"\(call.links.administration("waivers", id))\"><code>\(package)</code></a><br>in \(project) \(state)",
            "\(waiver.text("policy"))", "\(waiver.text("reason"))",
            "\(waiver.text("requested_by"))\(waiver["granted_by"]?.string.map { "<br><span class=\"faint\">granted by \($0)</span>" as HTML })",
            Parts.time(waiver.time("until"), now: call.now), buttons,
        ]
    }

    // MARK: - One of them

    private static let fields = [
        FormField("reason", "Why it is needed all the same", .text),
        FormField("until", "It ends on the day (UTC)", .day, required: true),
    ]

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let reply = try await call.reply(to: APIQuestion(.get, ["waivers", id]))
        let waiver = reply.body.object ?? JSONObject()
        let project = waiver.text("project")
        let isGranted = waiver.text("state") == "granted"
        let advisories = (waiver["advisories"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        var facts: [(name: String, value: HTML)] = [
            ("Policy", "\(waiver.text("policy"))"), ("Project", "\(project)"), ("Asked by", "\(waiver.text("requested_by"))"),
            ("Asked", Parts.time(waiver.time("created_at"), now: call.now)),
        ]
        if !advisories.isEmpty { facts.append(("Only these advisories", "\(advisories)")) }
        if let name = waiver["granted_by"]?.string { facts.append(("Granted by", "\(name)")) }
        let form = AdministrationForm(
            "settings", call.links.administration("waivers", id), fields, "Save",
            tone: isGranted ? .go : .plain, otherWay: isGranted ? nil : ("grant", "Save and grant"))
        let mayChange = call.viewer.manages(project: project)
        if !mayChange {
            facts += [("Why", "\(waiver.text("reason"))"), ("Until", Parts.time(waiver.time("until"), now: call.now))]
        }
        return AdministrationPage.answer(
            waiver.text("package"), in: .waivers, call,
            beside: Parts.badge(isGranted ? "granted" : "requested", isGranted ? .ok : .note),
            main: "\(Parts.facts(facts))\(try mayChange ? form.html(call, waiver, tag: reply.tag) : "")")
    }

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        let grants = call["way"] == "grant"
        return try await Submission.send(
            call, form: "settings", to: call.links.administration("waivers", id), done: grants ? .granted : .saved, page: page
        ) {
            var body = AdministrationForm.body(fields, $0)
            if grants { body["state"] = "granted" }
            return APIQuestion(.patch, ["waivers", id], body: .object(body))
        }
    }

    /// Those that the REST API exports, as a file.
    static func export(_ call: PageCall) async throws -> PageAnswer {
        let question = APIQuestion(.get, ["waivers"], query: [("format", "openvex")])
        var response = await call.context.openAPI(question, call.viewer.authentication, call.request)
        guard response.status == 200 else {
            _ = try await call.ask(question)
            throw SaveError(.internalFailure, "the waivers could not be exported")
        }
        response.headers.append("Content-Disposition", "attachment; filename=\"openvex.json\"")
        return PageAnswer(file: response)
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
