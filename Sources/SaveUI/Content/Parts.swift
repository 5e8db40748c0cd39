internal import SaveHTTP
internal import SavePlatform

/// What pages are put together from.
enum Parts {
    /// One or more lines to copy. The button comes with the script.
    static func copy(_ text: String) -> HTML { "<div class=\"copy\"><pre tabindex=\"0\"><code>\(text)</code></pre></div>" }

    enum Tone: String { case plain = "", ok, warn, bad, note }

    /// One word, or two.
    static func badge(_ text: String, _ tone: Tone = .plain) -> HTML {
        tone == .plain ? "<span class=\"badge\">\(text)</span>" : "<span class=\"badge \(tone.rawValue)\">\(text)</span>"
    }

    static func notice(_ tone: Tone, _ content: HTML) -> HTML { "<div class=\"notice \(tone.rawValue)\">\(content)</div>" }

    /// Links of which one is where the reader is.
    static func links(_ kind: String, _ label: String, _ links: [(text: String, url: String, isCurrent: Bool)]) -> HTML {
        let items = links.map { link -> HTML in
            link.isCurrent
                ? "<a href=\"\(link.url)\" aria-current=\"page\">\(link.text)</a>" : "<a href=\"\(link.url)\">\(link.text)</a>"
        }
        return "<nav class=\"\(kind)\" aria-label=\"\(label)\">\(items)</nav>"
    }

    /// A time as people say it, with the exact one beside it.
    static func time(_ time: Timestamp?, now: Timestamp) -> HTML {
        guard let time else { return "<span class=\"faint\">unknown</span>" }
        let exact = time.rfc3339
        return "<time datetime=\"\(exact)\" title=\"\(exact)\">\(Figures.ago(time, now: now))</time>"
    }

    static func facts(_ facts: [(name: String, value: HTML)]) -> HTML {
        let rows = facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" as HTML }
        return "<dl class=\"facts\">\(rows)</dl>"
    }

    /// A table with a heading for each column; a column whose heading ends in `#` has numbers.
    static func table(_ headings: [String], id: String = "", _ rows: [[HTML]]) -> HTML {
        let isNumber = headings.map { $0.utf8.last == UInt8(ascii: "#") }
        let heads = zip(headings, isNumber).map { heading, isNumber -> HTML in
            if heading.isEmpty { return "<td></td>" }
            return isNumber
                ? "<th scope=\"col\" class=\"num\">\(String(heading.dropLast()))</th>" : "<th scope=\"col\">\(heading)</th>"
        }
        let lines = rows.map { row -> HTML in
            let cells = zip(row, isNumber).map { cell, isNumber -> HTML in
                isNumber ? "<td class=\"num\">\(cell)</td>" : "<td>\(cell)</td>"
            }
            return "<tr>\(cells)</tr>"
        }
        return """
            <div class="wide" tabindex="0"><table id="\(id.isEmpty ? "rows" : id)"><thead><tr>\(heads)</tr></thead>
            <tbody>
            \(lines)
            </tbody></table></div>
            """
    }
}

/// Numbers as people read them.
enum Figures {
    /// `64.9 kB`: decimal units, as file managers and package indexes have them.
    static func size(_ bytes: Int64?) -> String {
        guard let bytes else { return "unknown" }
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes)
        for unit in ["kB", "MB", "GB", "TB", "PB"] {
            value /= 1000
            if value < 999.95 || unit == "PB" {
                return "\(Int((value * 10).rounded()) / 10).\(Int((value * 10).rounded()) % 10) \(unit)"
            }
        }
        return "\(bytes) B"
    }

    /// `3,902`.
    static func count(_ number: Int) -> String {
        var text = ""
        for (place, digit) in String(number).reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3), digit != "-" { text = "," + text }
            text = String(digit) + text
        }
        return text
    }

    /// `4 days ago`, `in 3 hours`.
    static func ago(_ time: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds.subtractingReportingOverflow(time.seconds).partialValue
        let distance = seconds.magnitude
        guard distance >= 60 else { return seconds >= 0 ? "just now" : "in a moment" }
        let units: [(UInt64, String)] = [
            (365 * 86_400, "year"), (30 * 86_400, "month"), (7 * 86_400, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"),
        ]
        // Two weeks are more telling than a fortnight and a bit; a single week is counted in days.
        let (length, unit) = units.first { distance >= $0.0 * ($0.1 == "week" || $0.1 == "month" ? 2 : 1) } ?? (60, "minute")
        let number = distance / length
        let text = "\(number) \(unit)\(number == 1 ? "" : "s")"
        return seconds >= 0 ? "\(text) ago" : "in \(text)"
    }

    /// `90 days`, `12 hours`: whole numbers, rounded down.
    static func duration(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
        let (length, unit) = units.first { seconds >= $0.0 } ?? (1, "second")
        return several(Int(clamping: seconds / length), unit)
    }

    /// `1 file`, `3 files`.
    static func several(_ number: Int, _ thing: String) -> String { "\(count(number)) \(thing)\(number == 1 ? "" : "s")" }
}
