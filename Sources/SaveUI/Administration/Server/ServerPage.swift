internal import SaveHTTP
internal import SavePlatform

/// How the server does, the formats that it has, and the configuration that holds.
enum ServerPage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        guard call.viewer.inspects else { throw SaveError(.forbidden, "only administrators and auditors may see this") }
        let (formats, _) = try await call.list(["formats"])
        let failing = await call.context.inspection.failingPart()
        let health: HTML =
            failing.map { Parts.notice(.bad, "<p><strong>The \($0) fails.</strong> The log says why.</p>") }
            ?? Parts.notice(.ok, "<p><strong>All parts work:</strong> the data directory, the database and the stored files.</p>")
        let rows = formats.map { format -> [HTML] in
            let origin: HTML =
                format["path"]?.string.map { "<code>\($0)</code>" }
                ?? "\(format.text("origin") == "loaded" ? "loaded" : "built\u{A0}in")"
            let abilities = (format["abilities"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            return ["<strong>\(format.text("name"))</strong><br><code>\(format.text("id"))</code>", "\(abilities)", origin]
        }
        return AdministrationPage.answer(
            "Server", in: .server, call, about: "Save \(call.context.version)",
            main: """
                \(health)
                <h2>Formats</h2>\(Parts.table(["Format", "Can do", "From"], id: "formats", rows))
                <h2>Configuration that holds</h2>\(configuration(call))
                """)
    }

    private static func configuration(_ call: PageCall) -> HTML {
        let settings = call.context.inspection.settings
        guard !settings.isEmpty else { return "<p class=\"faint\">It is not known here.</p>" }
        let rows = settings.map { setting -> [HTML] in
            let value: HTML = setting.value.isEmpty ? "<span class=\"faint\">none</span>" : "<code>\(setting.value)</code>"
            let source: HTML = setting.source == "default" ? "<span class=\"faint\">default</span>" : "\(setting.source)"
            return ["<code>\(setting.key)</code>", value, source]
        }
        return """
            <p>Changed in the configuration file, by variables and options, at the next start. What the audit trail keeps, and for how long, is \
            <code>audit_retention_days</code>.</p>
            <form class="filter"><input type="search" aria-label="Filter the keys" placeholder="Filter the keys" data-filters="settings"></form>
            \(Parts.table(["Key", "Value", "From"], id: "settings", rows))
            """
    }
}
