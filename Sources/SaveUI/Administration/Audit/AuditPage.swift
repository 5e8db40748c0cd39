internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The audit trail: searched by what the REST API filters by, newest first, and exported as it was searched.
enum AuditPage {
    private static let filters = ["q", "actor", "action", "resource_type", "resource", "outcome", "since", "until"]
    /// Records of a page.
    private static let pageSize = 50

    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let wanted = try wanted(call)
        var reply: (items: [JSONObject], next: String?) = ([], nil)
        var fault: SaveError?
        do {
            reply = try await call.list(["admin", "audit"], keyset.query(limit: pageSize) + wanted)
        } catch let error as SaveError where error.code == .invalidRequest {
            // The filters stay, to be mended.
            fault = error
        }
        let notice: HTML =
            fault.map { "<div role=\"alert\">\(Parts.notice(.bad, "<p>\(FailurePage.sentence($0.message))</p>"))</div>" } ?? ""
        let kept = filters.compactMap { name in call.asked(name).map { (name, $0) } }
        let rows = reply.items.map { row($0, call) }
        let none: HTML =
            reply.next == nil
            ? "<p class=\"faint\">There is no such record.</p>"
            : "<p class=\"faint\">None was found so far. The trail is long: look further.</p>"
        let table =
            rows.isEmpty ? none : Parts.table(["When", "Account", "Action", "What", "Outcome", "More"], id: "records", rows)
        return PageAnswer(
            "Audit", section: .audit, status: fault == nil ? 200 : 400,
            main: """
                <div class="head"><h1>Audit</h1><p>Changes, sign-ins and downloads, with the accounts that made them, the newest first.</p></div>
                \(form(call))
                \(fault == nil ? table : notice)
                \(keyset.links(next: reply.next, call.links.audit, kept: kept, words: ("Newer", "Older")))
                \(exports(kept, call))
                """)
    }

    /// The filters as the REST API takes them: days are days of UTC, of which the last counts as a whole.
    private static func wanted(_ call: PageCall) throws -> [(String, String)] {
        filters.compactMap { name in
            guard let text = call.asked(name) else { return nil }
            guard name == "since" || name == "until", text.utf8.count == 10 else { return (name, text) }
            let start = text + "T00:00:00Z"
            guard name == "until", let day = Timestamp(rfc3339: start) else { return (name, start) }
            return (name, day.adding(seconds: 86_400).rfc3339)
        }
    }

    private static func form(_ call: PageCall) -> HTML {
        let outcomes = [FormField.Choice("", "any")] + AuditRecord.Outcome.allCases.map { FormField.Choice($0.rawValue) }
        let options = outcomes.map { outcome -> HTML in
            outcome.value == call.asked("outcome") ?? ""
                ? "<option value=\"\(outcome.value)\" selected>\(outcome.label)</option>"
                : "<option value=\"\(outcome.value)\">\(outcome.label)</option>"
        }
        return """
            <form class="filters" action="\(call.links.audit)" aria-label="Filters">
            \(field("q", "A part of it", call))
            \(field("actor", "Account", call))
            \(field("action", "Action", call, example: "repository.create"))
            \(field("resource_type", "Kind of thing", call, example: "repository"))
            \(field("resource", "Name of it", call, example: "backend/pypi"))
            <div><label for="outcome">Outcome</label><select id="outcome" name="outcome">\(options)</select></div>
            \(field("since", "From the day (UTC)", call, type: "date"))
            \(field("until", "Up to the day (UTC)", call, type: "date"))
            <p class="buttons"><button class="go">Search</button> <a class="button" href="\(call.links.audit)">All</a></p>
            </form>
            """
    }

    private static func field(_ name: String, _ label: String, _ call: PageCall, type: String = "text", example: String = "")
        -> HTML
    {
        let text = type == "date" ? String((call.asked(name) ?? "").prefix(10)) : call.asked(name) ?? ""
        return """
            <div><label for="\(name)">\(label)</label><input id="\(name)" name="\(name)" type="\(type)" placeholder="\(example)" \
            value="\(text)" autocomplete="off" spellcheck="false"></div>
            """
    }

    private static func row(_ record: JSONObject, _ call: PageCall) -> [HTML] {
        let outcome = record.text("outcome")
        let tone: Parts.Tone = outcome == "ok" ? .ok : outcome == "denied" ? .warn : .bad
        return [
            Parts.time(record.time("time"), now: call.now), link(record.text("actor"), "actor", call),
            link(record.text("action"), "action", call),
            "<span class=\"faint\">\(record.text("resource_type"))</span> \(link(record.text("resource"), "resource", call))",
            Parts.badge(outcome, tone), more(record),
        ]
    }

    /// A value, and the search for all that has it.
    private static func link(_ value: String, _ filter: String, _ call: PageCall) -> HTML {
        value.isEmpty ? "" : "<a href=\"\(Links.url(call.links.audit, [(filter, value)]))\">\(value)</a>"
    }

    private static func more(_ record: JSONObject) -> HTML {
        let details = (record["details"]?.object ?? JSONObject()).members.filter { !$0.value.isNull }.map {
            "\($0.key): \(readable($0.value))"
        }
        let lines =
            details
            + [
                "", "record \(record["id"]?.integer ?? 0) at \(record.text("time"))", "from \(record.text("source_ip"))",
                record.text("user_agent").isEmpty ? "" : "with \(record.text("user_agent"))",
                "request \(record.text("request_id"))",
                "sha256 \(record.text("hash"))",
            ].filter { !$0.isEmpty }
        let summary = details.isEmpty ? "details" : String(details.joined(separator: ", ").prefix(120))
        return "<details><summary>\(summary)</summary><pre class=\"details\">\(lines.joined(separator: "\n"))</pre></details>"
    }

    /// `from` and `to` as people read a change; all else as it is.
    private static func readable(_ value: JSONValue) -> String {
        guard let object = value.object, object.keys == ["from", "to"] else { return value.string ?? value.text }
        let (from, to) = (object["from"] ?? .null, object["to"] ?? .null)
        return "\(from.string ?? from.text) → \(to.string ?? to.text)"
    }

    // MARK: - Export

    private static func exports(_ kept: [(String, String)], _ call: PageCall) -> HTML {
        let links = [("csv", "CSV"), ("ndjson", "lines of JSON")].map { ending, name -> HTML in
            "<a class=\"button\" href=\"\(Links.url(call.links.audit + "/export." + ending, kept))\">Export as \(name)</a>"
        }
        return """
            <p class="buttons">\(links) <a class="button" href="\(call.links.audit)/verify">Check that nobody changed it</a></p>
            """
    }

    /// Goes through the chain of hashes while the browser waits: a long trail takes its time.
    static func verify(_ call: PageCall) async throws -> PageAnswer {
        let found = try await call.ask(APIQuestion(.get, ["admin", "audit", "verify"]))
        func number(_ member: String) -> String { Figures.count(Int(clamping: found[member]?.integer ?? 0)) }
        let verdict: HTML =
            found.flag("ok")
            ? Parts.notice(
                .ok,
                "<p><strong>The trail is whole.</strong> \(number("checked")) records hold, and \(number("anchors")) anchors agree.</p>"
            )
            : Parts.notice(
                .bad,
                "<p><strong>The trail is broken at record \(number("broken_at")).</strong> \(FailurePage.sentence(found.text("problem")))</p>"
            )
        let cut: HTML =
            (found["cut_after"]?.integer ?? 0) > 0
            ? "<p>Retention removed the records up to \(number("cut_after")), and left a record of it.</p>" : ""
        return PageAnswer(
            "Audit", section: .audit,
            main: """
                <p class="crumbs"><a href="\(call.links.audit)">Audit</a></p>
                <div class="head"><h1>The chain of records</h1></div>
                \(verdict)\(cut)
                """)
    }

    /// All that matches, as a file: it is read while it is sent.
    static func export(_ call: PageCall) async throws -> PageAnswer {
        var question = APIQuestion(.get, ["admin", "audit"], query: try wanted(call))
        question.accepted = call.path.last == "export.csv" ? MediaType("text/csv") : MediaType("application/x-ndjson")
        let response = await call.context.openAPI(question, call.viewer.authentication, call.request)
        // A refusal is a page as well.
        guard response.status == 200 else {
            _ = try await call.ask(APIQuestion(.get, ["admin", "audit"], query: [("limit", "1")] + (try wanted(call))))
            throw SaveError(.internalFailure, "the audit trail could not be exported")
        }
        return PageAnswer(file: response)
    }
}
