internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// The cookie that has a session's secret (RFC 6265).
///
/// Over HTTPS its name begins with `__Host-`, which browsers take from this host alone, over HTTPS alone, for the whole host
/// (RFC 6265bis, 4.1.3.2). Over plain HTTP, as on one's own machine, no browser would take such a name.
struct SessionCookie: Sendable {
    static let secretBytes = 32
    /// nil where the request has none of this form.
    let secret: [UInt8]?
    private let isSecure: Bool
    private let path: String

    init(_ request: HTTPRequest, _ address: PublicAddress?, name: String = "save") {
        isSecure = request.isSecure || address?.origin.utf8.starts(with: "https:".utf8) == true
        path = (address?.path ?? "") + "/ui"
        self.name = isSecure ? "__Host-\(name)" : name
        secret = Self.value(of: self.name, in: request).flatMap(Self.decode)
    }

    private let name: String

    /// What a browser is told to keep until it is closed.
    func setting(_ secret: [UInt8]) -> String { "\(name)=\(Hex.encode(secret)); \(attributes)" }

    /// What a browser is told to forget.
    var clearing: String { "\(name)=; Max-Age=0; \(attributes)" }

    private var attributes: String {
        isSecure ? "Path=/; Secure; HttpOnly; SameSite=Lax" : "Path=\(path); HttpOnly; SameSite=Lax"
    }

    /// Of two cookies of one name neither counts: one of them may be somebody else's.
    private static func value(of name: String, in request: HTTPRequest) -> String? {
        let pairs = request.headers.values(of: "cookie").flatMap { $0.utf8.split(separator: UInt8(ascii: ";")) }.map { pair in
            pair.drop { $0 == 0x20 }
        }
        let found = pairs.filter { $0.starts(with: "\(name)=".utf8) }
        guard found.count == 1, let pair = found.first else { return nil }
        return String(Substring(pair.dropFirst(name.utf8.count + 1)))
    }

    private static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 2 * secretBytes else { return nil }
        return Hex.decode(text)
    }
}
