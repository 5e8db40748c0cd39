internal import SaveHTTP
internal import SavePlatform

/// Work that takes longer than a request. While something runs, the page looks again by itself where scripts may; loading it again does
/// the same.
enum JobPages {
    static func list(_ call: PageCall) async throws -> PageAnswer {
        guard call.viewer.administersAll else { throw SaveError(.forbidden, "only administrators may do this") }
        let (jobs, _) = try await call.list(["jobs"])
        let isRunning = jobs.contains { $0.text("state") == "running" }
        let items = try jobs.map { try item($0, call) }
        let content: HTML =
            items.isEmpty
            ? "<p class=\"faint\">Nothing was begun since the start of the server.</p>"
            : "<ul class=\"results\">\n\(items)\n</ul>"
        let start = call.links.administration("jobs", "verify")
        return AdministrationPage.answer(
            "Jobs", in: .jobs, call, about: "Since the start of the server, the newest first.",
            main: """
                <div id="jobs"\(isRunning ? " data-again=\"2\"" : "" as HTML) aria-live="polite">
                \(content)
                </div>
                <h2>Verify the stored files</h2>
                <p>Reads every file and compares its digest, then the audit trail. Repairing forgets damaged files that proxies keep, so that they are fetched again.</p>
                <div class="buttons">\(try AdministrationForm.button("Verify", start, call)) \
                \(try AdministrationForm.button("Verify and repair", start, hidden: [("repair", "true")], call))</div>
                """)
    }

    private static func item(_ job: JSONObject, _ call: PageCall) throws -> HTML {
        let (id, state) = (job.text("id"), job.text("state"))
        let broken = job["result"]?.object?["audit_problem"]?.string
        let isBad = state == "failed" || broken != nil || (job["result"]?.object?["problems"]?.integer ?? 0) > 0
        let tone: Parts.Tone = isBad ? .bad : state == "running" ? .note : state == "succeeded" ? .ok : .plain
        let cancel: HTML =
            state == "running"
            ? try AdministrationForm.button(
                "Cancel", call.links.administration("jobs", id, "cancel"), label: "Cancel the job \(id)", tone: .danger, call)
            : ""
        let failure: HTML = job["error"]?.string.map { "<p class=\"fault\">\(FailurePage.sentence($0))</p>" } ?? ""
        let chain: HTML =
            broken.map { Parts.notice(.bad, "<p><strong>The audit trail is broken.</strong> \(FailurePage.sentence($0))</p>") }
            ?? ""
        let end: HTML = job.time("ended_at").map { ", ended \(Parts.time($0, now: call.now))" } ?? ""
        return """
            <li><h2>\(name(job.text("kind")))</h2> \(Parts.badge(state, tone))
            <p class="small faint">Job \(id), begun \(Parts.time(job.time("started_at"), now: call.now)) by \(job.text("started_by"))\(end)</p>
            \(state == "running" ? progress(job) : "")\(failure)\(chain)\(result(job))\(cancel)</li>
            """
    }

    private static func name(_ kind: String) -> String {
        ["verify": "Verification", "advisories.import": "Import of advisories", "advisories.fetch": "Fetching of advisories"][
            kind] ?? kind
    }

    private static func progress(_ job: JSONObject) -> HTML {
        let progress = job["progress"]?.object ?? JSONObject()
        let done = progress["done"]?.integer ?? 0
        let phase = progress.text("phase").replacing("_", with: " ")
        guard let total = progress["total"]?.integer, total > 0 else {
            return "<p>\(phase): \(Figures.count(Int(clamping: done))) so far</p>"
        }
        let text = "\(phase): \(Figures.count(Int(clamping: done))) of \(Figures.count(Int(clamping: total)))"
        return "<p>\(text)</p><progress max=\"\(total)\" value=\"\(min(done, total))\" aria-label=\"\(text)\">\(text)</progress>"
    }

    private static func result(_ job: JSONObject) -> HTML {
        guard let result = job["result"]?.object else { return "" }
        let numbers = result.members.compactMap { member in
            member.value.integer.map {
                (name: member.key.replacing("_", with: " "), value: "\(Figures.count(Int(clamping: $0)))" as HTML)
            }
        }
        let problems = (result["items"]?.array ?? result["sources"]?.array ?? []).compactMap(\.object).prefix(100).map {
            item -> [HTML] in
            [
                "\(item["kind"]?.string ?? item["outcome"]?.string ?? "")",
                "\(item["repository"]?.string ?? item["url"]?.string ?? "")",
                "\(item["name"]?.string ?? item["error"]?.string ?? "")",
            ]
        }
        let table: HTML = problems.isEmpty ? "" : Parts.table(["What", "Where", "Which"], id: "result", Array(problems))
        return "<details><summary>What came of it</summary>\(Parts.facts(numbers))\(table)</details>"
    }

    static func verify(_ call: PageCall) async throws -> PageAnswer {
        let url = AdministrationPage.Part.jobs.url(call.links)
        return try await Submission.send(call, form: "verify", to: url, done: .started, page: list) {
            APIQuestion(.post, ["admin", "verify"], query: $0["repair"] == "true" ? [("repair", "true")] : [])
        }
    }

    static func cancel(_ call: PageCall) async throws -> PageAnswer {
        let id = call.path[2]
        return try await Submission.send(
            call, form: "cancel", to: AdministrationPage.Part.jobs.url(call.links), done: .cancelled, page: list
        ) { _ in APIQuestion(.post, ["jobs", id, "cancel"]) }
    }
}
