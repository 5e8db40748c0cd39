internal import SavePlatform

/// HTML. What is put into a literal is escaped, so that text never becomes markup; other HTML goes in as it is.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    fileprivate(set) var text: String

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ other: String) { text += ASCII.htmlEscaped(other) }
        mutating func appendInterpolation(_ other: Int) { text += String(other) }
        mutating func appendInterpolation(_ other: HTML) { text += other.text }
        mutating func appendInterpolation(_ others: [HTML]) { text += others.map(\.text).joined(separator: "\n") }
    }

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    static func joined(_ parts: [HTML], by separator: HTML) -> HTML {
        var all: HTML = ""
        all.text = parts.map(\.text).joined(separator: separator.text)
        return all
    }
}
