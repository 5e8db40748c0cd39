internal import SavePlatform

/// The address that clients know the server by: scheme, host, and where a proxy in front gives it a part of a site only, a path.
package struct PublicAddress: Sendable, Hashable {
    /// As a URL without a final slash.
    package let text: String
    /// Scheme, host and port: what a browser's `Origin` field says.
    package let origin: String
    /// The path without a final slash; empty for a server that has the whole site.
    package let path: String

    /// Reads `https://save.example.com` or `https://example.com/save`; nil for what is no such address.
    package init?(_ text: String) {
        guard let slashes = text.utf8.firstIndex(of: UInt8(ascii: "/")), let known = URLOrigin(of: text), !known.host.isEmpty,
            ["http", "https"].contains(known.scheme)
        else { return nil }
        let authority = text.utf8[slashes...].dropFirst(2)
        let end = authority.firstIndex(of: UInt8(ascii: "/")) ?? text.utf8.endIndex
        var path = text.utf8[end...]
        if path.last == UInt8(ascii: "/") { path = path.dropLast() }
        // No userinfo, no query, and nothing that a proxy and a client may spell in two ways.
        guard text.utf8[..<end].allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"@?#\\".utf8.contains($0) }),
            path.isEmpty || Self.isPlain(path.dropFirst())
        else { return nil }
        origin = String(Substring(text.utf8[..<end]))
        self.path = String(Substring(path))
        self.text = origin + self.path
    }

    private static func isPlain(_ path: Substring.UTF8View) -> Bool {
        path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                && segment.allSatisfy { ASCII.isAlphanumeric($0) || "-._~".utf8.contains($0) }
        }
    }
}
