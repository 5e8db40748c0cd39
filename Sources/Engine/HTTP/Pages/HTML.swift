internal import SavePlatform

/// HTML. The words of a literal are markup; a string that is put into one is text, wherever it stands, and other HTML goes in as
/// it is.
///
/// Where a string stands decides what becomes of it, so that none can be put in without being made harmless:
/// - in text and in quoted attributes, what means something to HTML is escaped;
/// - behind an equals sign without quotes, it gets quotes;
/// - where a URL begins (`href="`), it must be a path of a site, a fragment, a query, or `http`, `https` or `mailto`; anything else is `#`;
/// - in attributes that are scripts or styles (`onclick="`, `style="`), in a tag's own name, in comments, and inside `script` and `style`
///   there is nothing of it.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    package fileprivate(set) var text: String

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ other: String) { text += Place(behind: text.utf8).harmless(other) }
        package mutating func appendInterpolation(_ other: Int) { appendInterpolation(String(other)) }
        package mutating func appendInterpolation(_ other: Int64) { appendInterpolation(String(other)) }
        package mutating func appendInterpolation(_ other: HTML) { text += other.text }
        package mutating func appendInterpolation(_ other: HTML?) { text += other?.text ?? "" }
        package mutating func appendInterpolation(_ others: [HTML]) {
            text += others.map(\.text).joined(separator: "\n")
        }
    }

    package init(stringLiteral value: String) { text = value }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    package static func joined(_ parts: [HTML], by separator: HTML) -> HTML {
        var all: HTML = ""
        all.text = parts.map(\.text).joined(separator: separator.text)
        return all
    }

    package var isEmpty: Bool { text.utf8.isEmpty }
    /// Bytes.
    package var size: Int { text.utf8.count }
}

/// Where in a document a string is put.
private enum Place {
    case text
    /// In quotes: the beginning of a URL, or anything else.
    case url, attribute
    /// Behind an equals sign, without quotes.
    case bare
    /// Where no escape makes a string harmless.
    case nowhere

    /// Attributes whose values are URLs (HTML, "Attributes").
    private static let urls: Set<String> = [
        "href", "src", "action", "formaction", "cite", "data", "poster", "ping", "manifest", "background", "xlink:href",
    ]

    init(behind markup: String.UTF8View) {
        // What was put in before is escaped, so the last of the two is markup.
        guard let start = markup.lastIndex(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }),
            markup[start] == UInt8(ascii: "<")
        else {
            self = Self.isInsideRawText(markup) ? .nowhere : .text
            return
        }
        let tag = markup[markup.index(after: start)...]
        guard let first = tag.first, ASCII.isLetter(first), tag.contains(UInt8(ascii: " ")) else {
            self = .nowhere
            return
        }
        // A quoted value is open where its quote is the last of an odd number.
        guard tag.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1, let quote = tag.lastIndex(of: UInt8(ascii: "\"")) else {
            self = tag.last == UInt8(ascii: "=") && !Self.isCode(Self.name(before: tag.endIndex, in: tag)) ? .bare : .nowhere
            return
        }
        let name = Self.name(before: quote, in: tag)
        if Self.isCode(name) {
            self = .nowhere
        } else {
            self = Self.urls.contains(name) && tag.index(after: quote) == tag.endIndex ? .url : .attribute
        }
    }

    func harmless(_ string: String) -> String {
        switch self {
        case .text, .attribute: ASCII.htmlEscaped(string)
        case .url: ASCII.htmlEscaped(Self.isLink(string) ? string : "#")
        case .bare: "\"\(ASCII.htmlEscaped(string))\""
        case .nowhere: ""
        }
    }

    /// The name in `… name=` before an index, in lower case.
    private static func name(before end: Substring.UTF8View.Index, in tag: Substring.UTF8View) -> String {
        let head = tag[..<end].dropLast(tag[..<end].last == UInt8(ascii: "=") ? 1 : 0)
        let start = head.lastIndex { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }.map(head.index(after:)) ?? head.startIndex
        return ASCII.lowercased(String(decoding: head[start...], as: UTF8.self))
    }

    private static func isCode(_ name: String) -> Bool {
        name.isEmpty || name == "style" || name == "srcdoc" || name.utf8.starts(with: "on".utf8)
    }

    /// A browser takes everything up to the end tag of these for code.
    private static func isInsideRawText(_ markup: String.UTF8View) -> Bool {
        guard let close = markup.last == UInt8(ascii: ">") ? markup.endIndex : markup.lastIndex(of: UInt8(ascii: ">")),
            let start = markup[..<close].lastIndex(of: UInt8(ascii: "<"))
        else { return false }
        let tag = markup[markup.index(after: start)...].prefix { ASCII.isLetter($0) }
        return ["script", "style"].contains(ASCII.lowercased(String(decoding: tag, as: UTF8.self)))
    }

    /// An empty path counts: more of the URL follows, and is looked at in turn.
    private static func isLink(_ string: String) -> Bool {
        let bytes = string.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { return false }
        if bytes.isEmpty || bytes.first == UInt8(ascii: "#") || bytes.first == UInt8(ascii: "?") { return true }
        if bytes.first == UInt8(ascii: "/") { return bytes.dropFirst().first != UInt8(ascii: "/") }
        let start = ASCII.lowercased(String(decoding: bytes.prefix(8), as: UTF8.self))
        return ["http://", "https://", "mailto:"].contains { start.utf8.starts(with: $0.utf8) }
    }
}
