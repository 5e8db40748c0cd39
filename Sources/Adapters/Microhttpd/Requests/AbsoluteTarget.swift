internal import SavePlatform

/// A request target that is a whole URL, as clients send it to proxies and as every server must take it (RFC 9112, 3.2.2).
struct AbsoluteTarget {
    /// The host and the port.
    let authority: ArraySlice<UInt8>
    /// The path and the query: what a target in the usual form is.
    let rest: [UInt8]

    /// Nil where the target is in another form.
    init?(_ target: [UInt8]) {
        guard target.first != UInt8(ascii: "/"), let colon = target.firstIndex(of: UInt8(ascii: ":")),
            target[colon...].starts(with: "://".utf8),
            ["http", "https"].contains(where: { target[..<colon].lazy.map(ASCII.lowercased).elementsEqual($0.utf8) })
        else { return nil }
        let start = colon + 3
        let end = target[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? target.endIndex
        authority = target[start..<end]
        let hasPath = end < target.endIndex && target[end] == UInt8(ascii: "/")
        rest = (hasPath ? [] : [UInt8(ascii: "/")]) + target[end...]
    }

    /// Whether it names a host, and the same as a `Host` field: a proxy that goes by one of two would be asked something else
    /// than this server.
    func agrees(with host: ArraySlice<UInt8>?) -> Bool {
        guard authority.withUnsafeBytes(HostField.isValid) else { return false }
        guard let host else { return true }
        return authority.lazy.map(ASCII.lowercased).elementsEqual(host.lazy.map(ASCII.lowercased))
    }
}
