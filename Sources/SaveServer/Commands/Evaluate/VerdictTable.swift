internal import SaveHTTP
internal import SavePlatform

/// Verdicts for people: a line for each package in columns, and a line with the numbers.
struct VerdictTable {
    private let rows: [[String]]
    private let summary: String

    /// - Parameter showsAllowed: whether the packages that may be installed have lines as well.
    init(_ verdicts: [PackageVerdict], _ unjudged: [LockFile.Unjudged], showsAllowed: Bool) {
        var rows: [[String]] = []
        for verdict in verdicts where showsAllowed || verdict.verdict != "allow" {
            rows.append([
                verdict.verdict, "\(verdict.package.name) \(verdict.package.version)", verdict.policy, verdict.reason,
            ])
        }
        rows += unjudged.map { ["-", $0.name, "", $0.reason] }
        // What a server and a file say goes to a terminal.
        self.rows = rows.map { row in row.map(RefusalLine.ascii) }
        let count = { (verdict: String) in verdicts.count { $0.verdict == verdict } }
        var parts = ["\(verdicts.count) packages", "\(count("deny")) denied", "\(count("warn")) with a warning"]
        if !unjudged.isEmpty { parts.append("\(unjudged.count) not evaluated") }
        summary = parts.joined(separator: ", ")
    }

    var text: String {
        guard !rows.isEmpty else { return summary }
        let all = [["verdict", "package", "policy", "reason"]] + rows
        let widths = (0..<3).map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { row in
            let cells = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
            return Self.trimmed((cells + [row[3]]).joined(separator: "  "))
        }
        return (lines + ["", summary]).joined(separator: "\n")
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.utf8.last == 0x20 { line.removeLast() }
        return line
    }
}
