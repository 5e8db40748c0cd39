internal import SaveHTTP
internal import SavePlatform

/// How times are told in a browser: how long ago or exactly, in which language, and in the hours of which place. The browser keeps it in a
/// cookie of its own, as one person reads on several machines, and several people on one.
struct TimeStyle: Sendable, Hashable {
    enum Form: String, CaseIterable { case ago, exact }

    var form = Form.ago
    /// A language tag (BCP 47), such as `de-CH`; empty for the browser's own.
    var language = ""
    /// The name of a time zone (IANA), such as `Europe/Zurich`; empty for the browser's own.
    var zone = ""

    private static let name = "save-times"
    /// Seconds: a year.
    private static let lifetime = 31_536_000

    init() {}

    /// What the cookie of a request says; nothing where it says what no form could have.
    init(_ request: HTTPRequest, _ address: PublicAddress?) {
        let prefix = "\(Self.name)="
        let pairs = request.headers.values(of: "cookie").flatMap { $0.utf8.split(separator: UInt8(ascii: ";")) }.map { pair in
            pair.drop { $0 == 0x20 }
        }
        guard let pair = pairs.first(where: { $0.starts(with: prefix.utf8) }) else { return }
        let parts = pair.dropFirst(prefix.utf8.count).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        guard parts.count == 3, let form = Form(rawValue: parts[0]), Self.isLanguage(parts[1]), Self.isZone(parts[2]) else {
            return
        }
        self.form = form
        language = parts[1]
        zone = parts[2]
    }

    /// What a browser is told to keep.
    func cookie(_ request: HTTPRequest, _ address: PublicAddress?) -> String {
        let isSecure = request.isSecure || address?.origin.utf8.starts(with: "https:".utf8) == true
        return """
            \(Self.name)=\(form.rawValue).\(language).\(zone); Path=\(address?.path ?? "")/ui; Max-Age=\(Self.lifetime); HttpOnly; SameSite=Lax\
            \(isSecure ? "; Secure" : "")
            """
    }

    /// Subtags of letters and digits (RFC 5646, 2.1).
    static func isLanguage(_ text: String) -> Bool {
        if text.isEmpty { return true }
        let tags = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return text.utf8.count <= 35 && tags.first.map { (2...8).contains($0.count) } ?? false
            && tags.allSatisfy { (1...8).contains($0.count) && $0.allSatisfy(ASCII.isAlphanumeric) }
    }

    /// Letters, digits and `_ + - /`, as the names of zones have them.
    static func isZone(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "_+-/".utf8.contains($0) }
    }
}
