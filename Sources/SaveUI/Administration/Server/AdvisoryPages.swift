internal import SaveHTTP
internal import SavePlatform

/// What is known of vulnerable and harmful packages: how new it is, and how more comes in.
enum AdvisoryPages {
    static func page(_ call: PageCall) async throws -> PageAnswer {
        guard call.viewer.inspects else { throw SaveError(.forbidden, "only administrators and auditors may see this") }
        let status = try await call.ask(APIQuestion(.get, ["advisories", "status"]))
        let ecosystems = (status["ecosystems"]?.array?.compactMap(\.object) ?? []).map { item -> [HTML] in
            [
                "\(item.text("name"))", Parts.time(item.time("newest"), now: call.now),
                "\(Figures.count(Int(clamping: item["records"]?.integer ?? 0)))",
            ]
        }
        let records = Figures.count(Int(clamping: status["records"]?.integer ?? 0))
        let state: HTML =
            ecosystems.isEmpty
            ? Parts.notice(
                .warn,
                "<p><strong>There are none yet.</strong> Policies that ask advisories find nothing. Fetch or import some below.</p>"
            )
            : """
            <p>\(records) records, taken in \(Parts.time(status.time("imported_at"), now: call.now)).</p>
            \(Parts.table(["Packages of", "Newest record", "Records#"], ecosystems))
            """
        let found = try await search(call)
        var answer = AdministrationPage.answer(
            "Advisories", in: .advisories, call,
            main: """
                \(state)
                <h2>Of a package</h2>\(found.html)
                <h2>Sources</h2>\(try sources(status, call))
                \(try call.viewer.administersAll ? importing(call) : "")
                """)
        if found.isRefused { answer.status = 400 }
        return answer
    }

    private static func sources(_ status: JSONObject, _ call: PageCall) throws -> HTML {
        let rows = (status["sources"]?.array?.compactMap(\.object) ?? []).map { source -> [HTML] in
            let state: HTML =
                source["error"]?.string.map { "\(Parts.badge("fails", .bad)) \(FailurePage.sentence($0))" }
                ?? Parts.badge("answers", .ok)
            return [
                "<code>\(source.text("url"))</code>", Parts.time(source.time("fetched_at"), now: call.now),
                Parts.time(source.time("changed_at"), now: call.now),
                source.time("fetched_at") == nil && source["error"]?.string == nil ? "" : state,
            ]
        }
        guard !rows.isEmpty else {
            return "<p>None is configured. The key <code>advisory_sources</code> of the configuration names some.</p>"
        }
        let fetch: HTML =
            call.viewer.administersAll
            ? "<div class=\"buttons\">\(try AdministrationForm.button("Fetch all now", call.links.administration("advisories", "fetch"), call))</div>"
            : ""
        return "\(Parts.table(["Source", "Answered", "Changed", "State"], id: "sources", rows))\(fetch)"
    }

    private static func importing(_ call: PageCall) throws -> HTML {
        var form = AdministrationForm(
            "import", call.links.administration("advisories", "import"),
            [FormField("replace", "Forget the records that are not in the archive", .flag)], "Import")
        form.file = (label: "Archive", accepts: ".zip,application/zip")
        return """
            <h2>Import an archive</h2>
            <p>A zip of records in the OSV schema, such as an <code>all.zip</code>: all of it is taken in, or nothing.</p>
            \(try form.html(call))
            """
    }

    private static func search(_ call: PageCall) async throws -> (html: HTML, isRefused: Bool) {
        let url = AdministrationPage.Part.advisories.url(call.links)
        let form: HTML = """
            <form class="filter" action="\(url)"><input type="search" name="package" aria-label="Package" \
            placeholder="pkg:pypi/requests@2.32.5" value="\(call.asked("package") ?? "")"><button>Find</button></form>
            """
        guard call.asked("package") != nil else { return (form, false) }
        do {
            let (items, _) = try await call.list(["advisories"], call.kept("package"))
            let rows = items.map { item -> [HTML] in
                let severity = item["severity"]?.string
                let harm: HTML = item.flag("malware") ? Parts.badge("harmful", .bad) : ""
                let fixed = (item["fixed_versions"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
                return [
                    "<code>\(item.text("id"))</code> \(harm)",
                    severity.map { Parts.badge($0, $0 == "low" ? .plain : $0 == "medium" ? .warn : .bad) } ?? "",
                    "\(item.text("summary"))", "\(fixed)",
                ]
            }
            let table = Parts.table(["Advisory", "Severity", "What", "Mended in"], id: "found", rows)
            return ("\(form)\(rows.isEmpty ? "<p class=\"faint\">None is known.</p>" : table)", false)
        } catch let error as SaveError where error.code == .invalidRequest {
            return ("\(form)<p class=\"fault\" role=\"alert\">\(FailurePage.sentence(error.message))</p>", true)
        }
    }

    static func fetch(_ call: PageCall) async throws -> PageAnswer {
        try await Submission.send(
            call, form: "fetch", to: AdministrationPage.Part.jobs.url(call.links), done: .started, page: page
        ) { _ in APIQuestion(.post, ["advisories", "fetch"]) }
    }

    /// The archive goes to the REST API as it arrives.
    static func bring(_ call: PageCall) async throws -> PageAnswer {
        try await Submission.send(
            call, form: "import", to: AdministrationPage.Part.jobs.url(call.links), done: .started, page: page
        ) {
            guard let file = $0.file else { throw SaveError.invalid("file", "choose an archive: the form came without one") }
            let replaces = $0.form?["replace"] != nil
            var question = APIQuestion(
                .post, ["advisories"], query: [("wait", "false")] + (replaces ? [("replace", "true")] : []))
            question.payload = (type: MediaType("application/zip"), bytes: file)
            return question
        }
    }
}
