/// Resolution of links against the page they stand on (RFC 3986, 5.2). Pure text: nothing here dials.
public enum URLReference {
    /// The absolute http or https URL that `reference` means on the page at `base`.
    ///
    /// The result is ASCII without spaces, its scheme in small letters, its path without dot segments (`%2e` counts as a
    /// dot, as browsers read it). White space around the reference is dropped; spaces and bytes over 0x7F inside its path,
    /// query and fragment are percent-encoded. What is escaped already stays as it is.
    ///
    /// - Parameter keepingFragment: whether the reference's own fragment stays at the end.
    /// - Returns: nil for another scheme, a missing host, a backslash or a control character anywhere, or a base that is
    ///   not an absolute http or https URL itself.
    public static func resolve(_ reference: String, against base: String, keepingFragment: Bool = false) -> String? {
        guard let base = URLPieces(base), let reference = URLPieces(reference), let baseScheme = base.scheme,
            let baseAuthority = base.authority
        else { return nil }
        var target = reference
        if reference.scheme == nil {
            target.scheme = baseScheme
            if reference.authority == nil {
                target.authority = baseAuthority
                if reference.path.isEmpty {
                    target.path = base.path
                    target.query = reference.query ?? base.query
                } else if reference.path.first != UInt8(ascii: "/") {
                    // RFC 3986, 5.2.3: the base's path up to and with its last slash; "/" where it has no path.
                    let directory = base.path.lastIndex(of: UInt8(ascii: "/")).map { base.path[...$0] } ?? [UInt8(ascii: "/")]
                    target.path = Array(directory) + reference.path
                }
            }
        }
        return target.text(keepingFragment: keepingFragment)
    }

    /// A URL as `resolve` would write it; nil for what is not an absolute http or https URL.
    public static func normalized(_ url: String) -> String? { resolve(url, against: url, keepingFragment: false) }

    /// A URL as it may be shown and logged: scheme, host, port and path. A user, a password, a query and a fragment may be
    /// secrets, no matter where they come from.
    package static func shown(_ url: String) -> String {
        guard let whole = normalized(url), let origin = URLOrigin(of: whole) else { return "a malformed URL" }
        let rest = whole.utf8.dropFirst(origin.scheme.utf8.count + 3)
        let path = rest.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }.prefix { $0 != UInt8(ascii: "?") }
        let host = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
        let port = origin.port == (origin.scheme == "https" ? 443 : 80) ? "" : ":\(origin.port)"
        return "\(origin.scheme)://\(host)\(port)" + String(Substring(path))
    }

    /// A repository's remote URL as what other URLs begin with: without query and fragment, with a slash at its end.
    ///
    /// - Throws: `invalidRequest` for what is not an absolute http or https URL.
    public static func directory(_ remote: String) throws -> String {
        let path = remote.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard let url = normalized(String(Substring(path))) else {
            throw SaveError.invalid("remote_url", "the remote URL is not an http or https URL")
        }
        return url.utf8.last == UInt8(ascii: "/") ? url : url + "/"
    }
}

/// The five parts of a reference (RFC 3986, appendix B), as bytes.
private struct URLPieces {
    var scheme: String?
    var authority: [UInt8]?
    var path: [UInt8]
    var query: [UInt8]?
    var fragment: [UInt8]?

    /// Nil for a backslash or control character, and for a scheme that is not http or https.
    init?(_ text: String) {
        let spaces: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var rest = Array(text.utf8)[...].drop(while: spaces)
        while let last = rest.last, spaces(last) { rest.removeLast() }
        guard rest.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            fragment = Array(rest[(hash + 1)...])
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            query = Array(rest[(mark + 1)...])
            rest = rest[..<mark]
        }
        // RFC 3986, 4.2: a colon in the first segment always ends a scheme.
        if let end = rest.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
            rest[end] == UInt8(ascii: ":")
        {
            let name = ASCII.lowercased(String(decoding: rest[..<end], as: UTF8.self))
            guard name == "http" || name == "https" else { return nil }
            scheme = name
            rest = rest[(end + 1)...]
        }
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            authority = Array(rest[..<end])
            rest = rest[end...]
        }
        path = Array(rest)
        // `https:x` is relative to some readers and a host to others.
        if scheme != nil, authority == nil { return nil }
    }

    func text(keepingFragment: Bool) -> String? {
        guard let scheme, let authority, URLOrigin(scheme: scheme, authority: authority) != nil else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scheme.utf8.count + authority.count + path.count + 64)
        bytes.append(contentsOf: scheme.utf8)
        bytes.append(contentsOf: "://".utf8)
        bytes.append(contentsOf: authority)
        bytes.append(contentsOf: Self.escaped(Self.removingDotSegments(path)))
        if let query {
            bytes.append(UInt8(ascii: "?"))
            bytes.append(contentsOf: Self.escaped(query))
        }
        if keepingFragment, let fragment {
            bytes.append(UInt8(ascii: "#"))
            bytes.append(contentsOf: Self.escaped(fragment))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 3986, 5.2.4; the result starts with a slash.
    private static func removingDotSegments(_ path: [UInt8]) -> [UInt8] {
        // Most paths of most pages have none, and begin with their slash.
        let mayHaveDots = zip(path, path.dropFirst()).contains { slash, next in
            slash == UInt8(ascii: "/") && (next == UInt8(ascii: ".") || next == UInt8(ascii: "%"))
        }
        if path.first == UInt8(ascii: "/"), !mayHaveDots { return path }
        var kept: [ArraySlice<UInt8>] = []
        var endsInSlash = false
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() where index > 0 || !segment.isEmpty {
            switch dots(segment) {
            case 1: endsInSlash = true
            case 2:
                _ = kept.popLast()
                endsInSlash = true
            default:
                kept.append(segment)
                endsInSlash = false
            }
        }
        var bytes: [UInt8] = []
        for segment in kept { bytes += [UInt8(ascii: "/")] + segment }
        if endsInSlash || bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
        return bytes
    }

    /// How many dots a segment consists of, `%2e` counted as one; nil when it has anything else.
    private static func dots(_ segment: ArraySlice<UInt8>) -> Int? {
        guard segment.count <= 6 else { return nil }
        var rest = segment, count = 0
        while let byte = rest.first {
            if byte == UInt8(ascii: ".") {
                rest = rest.dropFirst()
            } else if rest.starts(with: "%2e".utf8) || rest.starts(with: "%2E".utf8) {
                rest = rest.dropFirst(3)
            } else {
                return nil
            }
            count += 1
        }
        return count
    }

    private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0x20 || $0 > 0x7F }) else { return bytes }
        let digits = Array("0123456789ABCDEF".utf8)
        return bytes.flatMap { byte in
            byte == 0x20 || byte > 0x7F ? [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]] : [byte]
        }
    }
}
