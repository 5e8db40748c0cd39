/// The server that a URL speaks to: scheme, host and port. Credentials belong to one origin and go to no other.
package struct URLOrigin: Sendable, Hashable {
    /// `http` or `https`.
    package let scheme: String
    /// In small letters, an IPv6 address without its brackets.
    package let host: String
    /// As it stands in the URL, else the scheme's own.
    package let port: UInt16

    package init(scheme: String, host: String, port: UInt16) {
        self.scheme = ASCII.lowercased(scheme)
        self.host = ASCII.lowercased(host)
        self.port = port
    }

    /// The origin of an absolute http or https URL; nil for anything else.
    package init?(of url: String) {
        guard let text = URLReference.normalized(url) else { return nil }
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let authority = bytes.dropFirst(colon + 3).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        self.init(scheme: String(decoding: bytes[..<colon], as: UTF8.self), authority: Array(authority))
    }

    /// Reads `[userinfo@]host[:port]` (RFC 3986, 3.2). The host ends at the last `@`, so that nothing before it is taken
    /// for one; nil for an empty host, bytes no host has, or a port that is not one.
    init?(scheme: String, authority: [UInt8]) {
        var rest = authority[...]
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) { rest = rest[(at + 1)...] }
        let host: ArraySlice<UInt8>
        if rest.first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = rest[(rest.startIndex + 1)..<close]
            rest = rest[(close + 1)...]
            guard !host.isEmpty,
                host.allSatisfy({ ASCII.hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return nil }
        } else {
            host = rest.prefix { $0 != UInt8(ascii: ":") }
            rest = rest.dropFirst(host.count)
            guard !host.isEmpty, host.allSatisfy({ ASCII.isAlphanumeric($0) || "-._~".utf8.contains($0) }) else { return nil }
        }
        var port: UInt16 = scheme == "https" ? 443 : 80
        if !rest.isEmpty {
            let digits = rest.dropFirst()
            guard rest.first == UInt8(ascii: ":"), digits.allSatisfy(ASCII.isDigit) else { return nil }
            if !digits.isEmpty {
                guard let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0 else { return nil }
                port = number
            }
        }
        self.init(scheme: scheme, host: String(decoding: host, as: UTF8.self), port: port)
    }
}
