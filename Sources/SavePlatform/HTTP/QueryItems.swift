/// The items of a query string, decoded, in order. `+` is a space, as HTML forms write it.
public struct QueryItems: Sendable, Hashable {
    public struct Item: Sendable, Hashable {
        public let name: String
        public let value: String
    }

    public let all: [Item]

    package init(_ all: [Item] = []) { self.all = all }

    /// The first value of a name.
    public subscript(name: String) -> String? { all.first { $0.name == name }?.value }

    /// Decodes a query.
    ///
    /// - Throws: `invalidRequest` for a bad escape, bytes that are not UTF-8, or more than 100 items.
    package init(decoding raw: ArraySlice<UInt8>?) throws {
        guard let raw, !raw.isEmpty else {
            self.init()
            return
        }
        var items: [Item] = []
        for pair in raw.split(separator: UInt8(ascii: "&")) {
            guard items.count < 100 else { throw SaveError(.invalidRequest, "the query has too many items: send fewer") }
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            items.append(
                Item(
                    name: try Self.decode(pair[..<(equals ?? pair.endIndex)]),
                    value: try equals.map { try Self.decode(pair[($0 + 1)...]) } ?? ""))
        }
        self.init(items)
    }

    private static func decode(_ raw: ArraySlice<UInt8>) throws -> String {
        guard let bytes = ASCII.percentDecoded(raw.lazy.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }) else {
            throw SaveError(
                .invalidRequest, "the query has a bad percent escape: write two hexadecimal digits behind %, and %25 for % itself"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SaveError(.invalidRequest, "the query is not UTF-8: encode text as UTF-8, then percent-encode it")
        }
        return text
    }
}
