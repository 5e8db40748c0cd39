/// A media type as sent in `Content-Type` (RFC 9110, 8.3): `essence` is what is negotiated, `value` what is sent.
public struct MediaType: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The whole field value: `text/html; charset=utf-8`.
    public let value: String
    /// Type and subtype in lower case: `text/html`.
    public let essence: String
    /// Other essences that ask for this type, such as a name that always means the newest version.
    public let aliases: [String]
    /// `Accept` does not count.
    package private(set) var isGiven = false

    /// This type, whatever the client's `Accept` says: where the client named it in another way (`?format=json`), and where a protocol
    /// has one type at a URL, whose clients name others or none. RFC 9110, 12.5.1: a server may "disregard the header field by
    /// treating the response as if it is not subject to content negotiation".
    public var given: MediaType { marked(given: true) }
    /// This type, however it was chosen.
    package var chosen: MediaType { marked(given: false) }

    private func marked(given: Bool) -> MediaType {
        var copy = self
        copy.isGiven = given
        return copy
    }

    public init(_ value: String, aliases: [String] = []) {
        self.value = value
        self.aliases = aliases
        let type = value.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        essence = String(decoding: type.map { $0 >= 65 && $0 <= 90 ? $0 | 32 : $0 }, as: UTF8.self)
    }

    public init(stringLiteral value: String) { self.init(value) }
    public var description: String { value }

    /// JSON, by that name or with that suffix (RFC 6839, 3.1).
    public var isJSON: Bool {
        essence.utf8.elementsEqual("application/json".utf8) || essence.utf8.suffix(5).elementsEqual("+json".utf8)
    }

    public static let html: MediaType = "text/html; charset=utf-8"
    public static let json: MediaType = "application/json"
    public static let text: MediaType = "text/plain; charset=utf-8"
    public static let bytes: MediaType = "application/octet-stream"
}
