internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Takes the statements of an OpenVEX document in as waivers of one policy in one project.
enum WaiverImport {
    static func page(_ call: PageCall) async throws -> PageAnswer { try await page(call, done: "") }

    private static func page(_ call: PageCall, done: HTML) async throws -> PageAnswer {
        guard call.viewer.administersAll || !call.viewer.managedProjects.isEmpty else {
            throw SaveError(.forbidden, "only administrators, and owners of a project, grant waivers")
        }
        let policies = try await policies(call)
        let url = call.links.administration("waivers", "import")
        var form = AdministrationForm("import", url, fields(policies, call), "Import")
        form.file = (label: "Document", accepts: ".json,application/json")
        let projects = call.viewer.managedProjects
        let values: JSONObject = [
            "project": JSONValue(call.asked("project") ?? (projects.count == 1 ? projects.first?.name : nil))
        ]
        let none: HTML = """
            <p>There is no policy that refuses files for an advisory, so that there is nothing to be excepted from. \
            <a href="\(call.links.administration("policies", "new"))">New policy</a></p>
            """
        return AdministrationPage.answer(
            "Import of OpenVEX", in: .waivers, call,
            about:
                "What the document calls not affected becomes a granted waiver, and what is under investigation a requested one. All of it is taken in, or nothing.",
            main: "\(done)\(try policies.isEmpty ? none : form.html(call, values))")
    }

    /// Those that an advisory can be an exception from.
    private static func policies(_ call: PageCall) async throws -> [FormField.Choice] {
        try await call.list(["policies"], [("limit", "1000")]).items.filter { policy in
            let match = policy["match"]?.object ?? JSONObject()
            return policy.text("action") == "deny" && ["malware", "min_severity", "advisories"].contains { match[$0] != nil }
        }.map { policy in
            FormField.Choice(String(policy["id"]?.integer ?? 0), "\(policy.text("name")), in \(policy.text("scope"))")
        }
    }

    private static func fields(_ policies: [FormField.Choice], _ call: PageCall) -> [FormField] {
        [
            FormField(
                "project", "Project in whose repositories they count", required: true,
                suggestions: call.viewer.managedProjects.map(\.name)),
            FormField("policy_id", "Policy that they are exceptions from", .choice(policies)),
            FormField("until", "They end on the day (UTC)", .day, required: true),
        ]
    }

    /// What came of it is on the page that answers: no address has it.
    static func bring(_ call: PageCall) async throws -> PageAnswer {
        let again = PageAnswer(redirectTo: AdministrationPage.Part.waivers.url(call.links))
        return try await Submission.once(call, form: "import", sentAlready: again, page: page) {
            guard let file = call.file else {
                throw SaveError.invalid("file", "choose a document: the form came without one")
            }
            let typed = AdministrationForm.body(fields([], call), call)
            var question = APIQuestion(
                .post, ["waivers", "import"],
                query: ["project", "policy_id", "until"].filter { !typed.text($0).isEmpty }.map { ($0, typed.text($0)) })
            question.payload = (type: .json, bytes: file)
            let result = try await call.ask(question)
            func count(_ member: String) -> Int { Int(clamping: result[member]?.integer ?? 0) }
            var clean = call
            clean.form = nil
            let text: HTML = """
                <p><strong>\(Figures.several(count("granted"), "waiver")) granted, \(count("requested")) requested.</strong> \
                \(count("unchanged")) were there already, and \(count("skipped")) say something else. \
                <a href="\(AdministrationPage.Part.waivers.url(call.links))?state=all">All waivers</a></p>
                """
            return try await page(clean, done: "<div role=\"status\">\(Parts.notice(.ok, text))</div>")
        }
    }
}
