@testable import SaveAPI
import SavePlatform

/// Values that a rule must refuse, made from the rule.
enum BadValues {
    /// Times that RFC 3339 does not have, or that nobody can mean.
    static let times = [
        "", "now", "2026", "2026-01-01", "2026-01-01T24:00:00Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00", "99999-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "２０２６-01-01T00:00:00Z", "253402300800",
        "2026-01-01T00:00:00Z\\n", " 2026-01-01T00:00:00Z",
    ]

    /// JSON for a body's field.
    static func json(_ rule: ValueRule, nullable: Bool) -> [String] {
        var values = [
            "1e400", "-0", "1.5", "9223372036854775808", "18446744073709551616", "NaN", "-1", "[[[[]]]]", "{\"a\":{\"a\":1}}",
            "\"\\ud800\"", "{\"a\":1,\"a\":1}", "tru", "'x'",
        ]
        if !nullable { values.append("null") }
        switch rule {
        case .text(let max): values += [text(max + 1), "true", "\"\\u0000\"", "\"\\u001b[31m\"", "\"\\u007f\""]
        case .form(let form): values += [text(form.max + 1), "true", "\"\"", "\"a/\\u0000\"", "\"../..\"", "\" \""]
        case .secret(let range): values += [text(range.upperBound + 1), "true", "\"\""]
        case .boolean: values += ["0", "1", "\"true\"", "[]"]
        case .integer(let range):
            values += ["\"1\"", "true", "[]", "1e2", "\(range.upperBound &+ 1)", "\(range.lowerBound &- 1)"]
        case .choice: values += ["\"\"", "\"ADMIN\"", "\" admin\"", "true", "\"admin\\u0000\""]
        case .time: values += times.map { "\"\($0)\"" } + ["0", "true"]
        case .trueOrList(let rule, let sizes):
            values += ["false"] + json(.list(of: rule, sizes: sizes), nullable: true).filter { $0 != "true" }
        case .list(_, let sizes):
            values += ["\"a\"", "true", "[{}]", "[null]", "[\"\\u0000\"]"]
            values.append("[" + Array(repeating: "\"a\"", count: sizes.upperBound + 1).joined(separator: ",") + "]")
        case .object: values += ["[]", "\"a\"", "true"]
        case .record: values += ["[]", "\"a\"", "true", "{\"surprise\":1}"]
        }
        if case .object = rule { values.removeAll { $0 == "{\"a\":{\"a\":1}}" } }
        return values
    }

    /// Escaped text for a query's item.
    static func query(_ rule: ValueRule) -> [String] {
        let broken = ["%", "%zz", "%ff", "%c0%ae", "%ed%a0%80", "%00"]
        switch rule {
        case .text(let max): return broken + [String(repeating: "a", count: max + 1), "%1b", "%7f"]
        case .form(let form): return broken + [String(repeating: "a", count: form.max + 1), "", "%20", "..%2f.."]
        case .boolean: return broken + ["", "1", "TRUE", "yes", "true%20", "null"]
        case .integer:
            return broken + [
                "", "0", "-1", "-0", "+1", "%201", "1.0", "1e3", "0x1", "abc", "2147483648", "9223372036854775807",
                "9223372036854775808", "18446744073709551616", "NaN", "１",
            ]
        case .choice: return broken + ["", "OK", "ok%20", "okk"]
        case .time: return broken + times.map(ASCII.percentEncoded)
        default: return broken
        }
    }

    private static func text(_ count: Int) -> String { "\"\(String(repeating: "a", count: count))\"" }
}
