package import SavePlatform

/// How lines of the log are written.
package enum LogFormat: Sendable {
    /// An object a line, for programs.
    case json
    /// `2026-11-27 04:50:12 notice  message key=value`, for people. The time is UTC.
    case text

    func line(_ level: Log.Level, _ message: String, _ fields: [(String, String)], at time: Timestamp) -> [UInt8] {
        switch self {
        case .json: Self.object(level, message, fields, at: time)
        case .text: Self.readable(level.name, message, fields, at: time)
        }
    }

    /// What stands for lines that could not be kept.
    func dropped(_ count: Int, at time: Timestamp) -> [UInt8] {
        line(.warning, "log lines dropped", [("count", String(count))], at: time)
    }

    private static func object(
        _ level: Log.Level, _ message: String, _ fields: [(String, String)], at time: Timestamp
    ) -> [UInt8] {
        var line = Array("{\"time\":\"\(time.rfc3339)\",\"level\":\"\(level.name)\",\"message\":".utf8)
        JSONText.append(message, to: &line)
        for (key, value) in fields {
            line.append(UInt8(ascii: ","))
            JSONText.append(key, to: &line)
            line.append(UInt8(ascii: ":"))
            JSONText.append(LoggedText.string(value), to: &line)
        }
        line.append(UInt8(ascii: "}"))
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// A line of text. What clients send can be in it, so nothing in it moves a cursor or hides what stands beside it.
    ///
    /// - Parameter label: the level, or what else the line is.
    package static func readable(
        _ label: String, _ message: String, _ fields: [(String, String)], at time: Timestamp
    ) -> [UInt8] {
        let date = time.rfc3339.prefix(19).replacing("T", with: " ")
        let padding = String(repeating: " ", count: max(0, 7 - label.utf8.count))
        var line = "\(date) \(label)\(padding) \(escaped(LoggedText.string(message), quotes: false))"
        for (key, value) in fields {
            let value = LoggedText.string(value)
            line += isWord(value) ? " \(key)=\(value)" : " \(key)=\"\(escaped(value, quotes: true))\""
        }
        return Array(line.utf8) + [UInt8(ascii: "\n")]
    }

    /// Whether a value needs no quotes: visible ASCII.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// The text with control characters and what is not seen, such as a change of the direction of writing, as numbers.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch (scalar, scalar.properties.generalCategory) {
            case ("\"", _) where quotes, ("\\", _) where quotes: result += "\\\(scalar)"
            case ("\n", _): result += "\\n"
            case ("\r", _): result += "\\r"
            case ("\t", _): result += "\\t"
            case (_, .control), (_, .format), (_, .lineSeparator), (_, .paragraphSeparator):
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
