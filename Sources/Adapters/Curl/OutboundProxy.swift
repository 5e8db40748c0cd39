internal import SaveHTTP
internal import SavePlatform

/// Which proxy, if any, a request goes through. Decided here and not by curl, because the address guard has to know
/// whether the address that is dialled is the target's or the proxy's.
struct OutboundProxy: Sendable {
    private let http: String?
    private let https: String?
    private let bypass: [String]

    /// Takes the configured proxy, else the environment's: `http_proxy` in small letters only (a CGI server may be made to
    /// set `HTTP_PROXY`), the others in both.
    ///
    /// - Throws: `invalidConfiguration` for a proxy that is not an http or https URL with a host.
    init(configured: String?, bypass: [String], environment: [String: String]) throws {
        if let configured {
            let proxy = try Self.checked(configured, key: "proxy")
            http = proxy
            https = proxy
            self.bypass = Self.entries(bypass.joined(separator: ","))
        } else {
            let all = environment["all_proxy"] ?? environment["ALL_PROXY"]
            http = try Self.checked(environment["http_proxy"] ?? all ?? "", key: "http_proxy")
            https = try Self.checked(environment["https_proxy"] ?? environment["HTTPS_PROXY"] ?? all ?? "", key: "https_proxy")
            self.bypass = Self.entries(environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
        }
    }

    /// The proxy's URL for a target; nil to go there directly.
    func url(for target: URLOrigin) -> String? {
        guard let proxy = target.scheme == "https" ? https : http, !isBypassed(target.host) else { return nil }
        return proxy
    }

    private func isBypassed(_ host: String) -> Bool {
        let name = Self.withoutDots(host)
        let address = IPAddress(host: name)
        return bypass.contains { entry in
            if entry == "*" { return true }
            if let address, let range = AddressRange(entry) { return range.contains(address) }
            return address == nil && (name == entry || name.hasSuffix("." + entry))
        }
    }

    private static func entries(_ text: String) -> [String] {
        text.utf8.split { $0 == UInt8(ascii: ",") || $0 == 0x20 }.map { withoutDots(String(decoding: $0, as: UTF8.self)) }
            .filter { !$0.isEmpty }
    }

    /// `.example.com` and `example.com.` mean `example.com`.
    private static func withoutDots(_ text: String) -> String {
        var bytes = ASCII.lowercased(text).utf8[...]
        while bytes.first == UInt8(ascii: ".") { bytes = bytes.dropFirst() }
        while bytes.last == UInt8(ascii: ".") { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func checked(_ text: String, key: String) throws -> String? {
        if text.isEmpty { return nil }
        // curl reads a proxy without a scheme as http.
        let url = text.contains("://") ? text : "http://" + text
        guard URLOrigin(of: url) != nil else {
            throw SaveError(
                .invalidConfiguration, "\(key) must be an http or https URL with a host", details: ["key": key])
        }
        return url
    }
}
