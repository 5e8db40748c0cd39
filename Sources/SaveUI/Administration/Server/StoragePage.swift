internal import SaveHTTP
internal import SavePlatform

/// What takes space on the disk, and what can be freed.
enum StoragePage {
    static func answer(_ call: PageCall) async throws -> PageAnswer { try await page(call, found: "") }

    private static func page(_ call: PageCall, found: HTML) async throws -> PageAnswer {
        let statistics = try await call.ask(APIQuestion(.get, ["admin", "stats"]))
        let tiles = [
            ("Files", "files"), ("Packages", "packages"), ("Repositories", "repositories"), ("Projects", "projects"),
            ("Users", "users"),
            ("Robots", "robots"),
        ].map { name, member -> HTML in
            "<div class=\"tile\"><dt>\(name)</dt><dd>\(Figures.count(Int(clamping: statistics[member]?.integer ?? 0)))</dd></div>"
        }
        return AdministrationPage.answer(
            "Storage", in: .storage, call,
            main: """
                \(found)
                \(try await space(statistics, call))
                <h2>What there is</h2>
                <dl class="facts wideways">\(tiles)</dl>
                """)
    }

    private static func space(_ statistics: JSONObject, _ call: PageCall) async throws -> HTML {
        guard let physical = statistics["physical_bytes"]?.integer else {
            let notice = Parts.notice(
                .plain, "<p>The stored files are being measured. Load the page again in a moment.</p>")
            // Scripts do.
            return "<div id=\"space\" data-again=\"1\" aria-live=\"polite\">\(notice)</div>"
        }
        func bytes(_ member: String) -> Int64 { max(0, statistics[member]?.integer ?? 0) }
        let (files, indexes, free) = (bytes("referenced_bytes"), bytes("cached_index_bytes"), bytes("reclaimable_bytes"))
        let parts = [
            Chart.Part(name: "Files of packages", bytes: files, style: "files"),
            Chart.Part(name: "Copies of upstreams' indexes", bytes: indexes, style: "indexes"),
            Chart.Part(name: "Can be freed now", bytes: free, style: "free"),
            Chart.Part(
                name: "Deleted of late, and what is on its way", bytes: max(0, physical - files - indexes - free), style: "rest"),
        ]
        let logical = bytes("logical_bytes")
        let saved: HTML =
            logical > files && files > 0
            ? "<p>Files are \(Figures.size(logical)) in all repositories together. What several have is stored once: that saves \(Figures.size(logical - files)).</p>"
            : ""
        let measured: HTML =
            statistics.time("measured").map { "<p class=\"small faint\">Measured \(Parts.time($0, now: call.now))</p>" } ?? ""
        return """
            <div id="space">
            <h2>\(Figures.size(physical)) on the disk</h2>
            \(Chart.bar(parts))
            \(saved)\(measured)
            \(try call.viewer.administersAll ? collection(free, call) : "")
            </div>
            """
    }

    private static func collection(_ free: Int64, _ call: PageCall) throws -> HTML {
        let url = call.links.administration("storage", "collect")
        let now: HTML =
            free > 0
            ? "\(try AdministrationForm.button("Free \(Figures.size(free))", url, label: "Free \(Figures.size(free)): remove what nothing needs", call)) "
            : ""
        return """
            <div class="buttons">\(now)\
            \(try AdministrationForm.button("Only say what would go", url, hidden: [("dry_run", "true")], call))</div>
            <p class="small faint">What was deleted is kept for the time of <code>gc_grace</code>, so that a copy of the database can still be restored with its files.</p>
            """
    }

    /// What came of it is on the page that answers: no address has it.
    static func collect(_ call: PageCall) async throws -> PageAnswer {
        let isDry = call["dry_run"] == "true"
        let again = PageAnswer(redirectTo: AdministrationPage.Part.storage.url(call.links))
        return try await Submission.once(call, form: "collect", sentAlready: again, page: answer) {
            let result = try await call.ask(APIQuestion(.post, ["admin", "gc"], query: [("dry_run", isDry ? "true" : "false")]))
            let count = Int(clamping: result["removed_blobs"]?.integer ?? 0)
            let size = Figures.size(result["removed_bytes"]?.integer ?? 0)
            let kept = Int(clamping: result["kept_young_blobs"]?.integer ?? 0)
            let young: HTML =
                "\(Figures.several(kept, "file")) that nothing needs \(kept == 1 ? "is" : "are") kept for now."
            let text: HTML =
                isDry
                ? "<p><strong>\(Figures.several(count, "file")) with \(size) would go.</strong> \(young)</p>"
                : "<p><strong>\(Figures.several(count, "file")) with \(size) \(count == 1 ? "is" : "are") removed.</strong> \(young)</p>"
            return try await page(call, found: "<div role=\"status\">\(Parts.notice(.ok, text))</div>")
        }
    }
}

/// A chart as a picture in the page, without scripts and styles of its own.
enum Chart {
    struct Part: Sendable {
        let name: String
        let bytes: Int64
        /// What the style sheet colours it by.
        let style: String
    }

    /// Parts of a whole beside each other, with their names and sizes below.
    static func bar(_ parts: [Part]) -> HTML {
        let shown = parts.filter { $0.bytes > 0 }
        let whole = shown.reduce(0.0) { $0 + Double($1.bytes) }
        guard whole > 0 else { return "<p class=\"faint\">Nothing is stored yet.</p>" }
        var start = 0.0
        let pieces = shown.map { part -> HTML in
            let width = Double(part.bytes) / whole * 1000
            defer { start += width }
            return "<rect class=\"\(part.style)\" x=\"\(number(start))\" y=\"0\" width=\"\(number(width))\" height=\"10\"/>"
        }
        let summary = shown.map { "\($0.name): \(Figures.size($0.bytes))" }.joined(separator: ", ")
        let legend = shown.map { part -> HTML in
            """
            <li><svg class="chart" viewBox="0 0 10 10" aria-hidden="true"><rect class="\(part.style)" width="10" height="10"/></svg>\
            <span>\(part.name) <strong>\(Figures.size(part.bytes))</strong></span></li>
            """
        }
        return """
            <svg class="chart" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="\(summary)">\(pieces)</svg>
            <ul class="legend">\(legend)</ul>
            """
    }

    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
