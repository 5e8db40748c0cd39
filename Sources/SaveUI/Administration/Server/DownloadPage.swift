internal import SaveHTTP
internal import SavePlatform

/// Which accounts downloaded a package, where repositories record it.
enum DownloadPage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        guard call.viewer.inspects else { throw SaveError(.forbidden, "only administrators and auditors may see this") }
        let url = AdministrationPage.Part.downloads.url(call.links)
        var found: HTML = ""
        var fault: SaveError?
        if call.asked("package") != nil {
            do { found = try await results(url, call) } catch let error as SaveError where error.code == .invalidRequest {
                fault = error
            }
        }
        let notice: HTML =
            fault.map { "<div role=\"alert\">\(Parts.notice(.bad, "<p>\(FailurePage.sentence($0.message))</p>"))</div>" } ?? ""
        var answer = AdministrationPage.answer(
            "Downloads", in: .downloads, call,
            about: "Which accounts have a package. Repositories record it where their settings say so.",
            main: """
                <form class="filters" action="\(url)" aria-label="Which package">
                <div><label for="package">Package</label><input id="package" name="package" required placeholder="pkg:pypi/requests@2.32.5" \
                value="\(call.asked("package") ?? "")" autocomplete="off" spellcheck="false"></div>
                <div><label for="since">From the day (UTC)</label><input id="since" name="since" type="date" value="\(String((call.asked("since") ?? "").prefix(10)))"></div>
                <p class="buttons"><button class="go">Search</button></p>
                </form>
                \(notice)\(found)
                """)
        if fault != nil { answer.status = 400 }
        return answer
    }

    private static func results(_ url: String, _ call: PageCall) async throws -> HTML {
        let keyset = Keyset(call)
        let since = call.asked("since").map { [("since", $0.utf8.count == 10 ? $0 + "T00:00:00Z" : $0)] } ?? []
        let (items, next) = try await call.list(["downloads"], keyset.query() + call.kept("package") + since)
        guard !items.isEmpty else { return "<p class=\"faint\">No download of it was recorded.</p>" }
        let rows = items.map { item -> [HTML] in
            [
                Parts.time(item.time("time"), now: call.now), "\(item.text("actor"))", "\(item.text("repository"))",
                "\(item.text("path"))",
                "\(item["version"]?.string ?? "")", "\(item.text("source_ip"))", "\(item["count"]?.integer ?? 0)",
            ]
        }
        return """
            \(Parts.table(["When", "Account", "Repository", "File", "Version", "From", "Times#"], rows))
            \(keyset.links(next: next, url, kept: call.kept("package", "since")))
            """
    }
}
