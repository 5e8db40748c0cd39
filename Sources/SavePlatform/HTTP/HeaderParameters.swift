/// A header field's value with its parameters (RFC 9110, 5.6.6): `form-data; name="content"`.
struct HeaderParameters {
    /// Before the first semicolon, in small letters.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    /// Nil for a field that is malformed or names a parameter twice.
    init?(_ field: String) {
        var rest = Substring(field).utf8
        value = ASCII.lowercased(Self.token(&rest, until: ";"))
        while rest.popFirst() != nil {
            let name = ASCII.lowercased(Self.token(&rest, until: "=;"))
            // A semicolon at the end, which some clients send.
            if name.isEmpty, rest.isEmpty { break }
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), self[name] == nil else { return nil }
            while rest.first == 0x20 || rest.first == 0x09 { rest.removeFirst() }
            if rest.first == UInt8(ascii: "\"") {
                guard let quoted = Self.quoted(&rest), Self.token(&rest, until: ";").isEmpty else { return nil }
                parameters.append((name, quoted))
            } else {
                parameters.append((name, Self.token(&rest, until: ";")))
            }
        }
    }

    /// The value of a parameter; names in small letters.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// RFC 8187: `UTF-8''%e2%82%ac`; nil for another character set or a bad escape.
    static func decodeExtended(_ text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, ASCII.lowercased(String(Substring(parts[0]))) == "utf-8" else { return nil }
        return ASCII.percentDecoded(parts[2]).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Text up to one of the ends, which is left, without white space around it.
    private static func token(_ rest: inout Substring.UTF8View, until ends: StaticString) -> String {
        let isEnd: (UInt8) -> Bool = { byte in ends.withUTF8Buffer { $0.contains(byte) } }
        var token = rest.prefix { !isEnd($0) }
        rest = rest[token.endIndex...]
        while let first = token.first, first == 0x20 || first == 0x09 { token.removeFirst() }
        while let last = token.last, last == 0x20 || last == 0x09 { token.removeLast() }
        return String(Substring(token))
    }

    /// A quoted string. A backslash escapes a quote or itself only: browsers send paths of Windows as they are, and what
    /// they mean must be seen, not swallowed.
    private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
                bytes.append(next)
                rest.removeFirst()
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }
}
