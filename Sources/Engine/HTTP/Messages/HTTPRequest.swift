package import SavePlatform

/// One request as the server's front has accepted it: framing checked, nothing decoded, nobody authenticated.
package struct HTTPRequest: Sendable {
    package let method: HTTPMethod
    /// The path and query as they came, undecoded: `/pypi/a/b/simple/?format=x`.
    package let target: [UInt8]
    package let headers: HTTPHeaders
    /// The body; reading it is what makes the server send `100 Continue`.
    package let body: ByteStream
    package let client: ClientAddress
    /// Came over TLS.
    package let isSecure: Bool
    package let id: RequestID

    package init(
        method: HTTPMethod, target: [UInt8], headers: HTTPHeaders = HTTPHeaders(), body: ByteStream = .empty,
        client: ClientAddress = .unknown, isSecure: Bool = false, id: RequestID = .next()
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.client = client
        self.isSecure = isSecure
        self.id = id
    }

    /// The scheme and host that the client reached the server by, without a final slash; nil where it does not say, or says
    /// something that is no host.
    package var origin: String? {
        guard let host = headers["host"], !host.isEmpty, host.utf8.count <= 261,
            host.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-._:[]".utf8.contains($0) })
        else { return nil }
        return "\(isSecure ? "https" : "http")://\(host)"
    }

    /// The same where a client may be told to send its credentials there: where the request is known to have come by `https`, or leaves no machine. A proxy
    /// in front of the server that it does not trust ends the TLS of its clients, and the request looks as if it had had none.
    package var confidentialOrigin: String? { isSecure || isLocal ? origin : nil }

    /// Whether the client is on this machine and calls it by a name that other machines do not have.
    private var isLocal: Bool {
        let client = client.unmapped.bytes
        guard client.count == 4 ? client.first == 127 : client == [UInt8](repeating: 0, count: 15) + [1],
            let host = headers["host"]
        else {
            return false
        }
        let name =
            host.utf8.first == UInt8(ascii: "[")
            ? host.utf8.prefix { $0 != UInt8(ascii: "]") } : host.utf8.prefix { $0 != UInt8(ascii: ":") }
        let parts = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return name.map(ASCII.lowercased).elementsEqual("localhost".utf8) || name.elementsEqual("[::1".utf8)
            || parts.count == 4 && parts[0].elementsEqual("127".utf8)
                && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }
    }

    /// The undecoded path, without the query.
    package var rawPath: ArraySlice<UInt8> {
        target.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
    }

    /// The undecoded query, without the question mark; nil where there is none.
    package var rawQuery: ArraySlice<UInt8>? {
        target.firstIndex(of: UInt8(ascii: "?")).map { target[($0 + 1)...] }
    }
}

/// The address a request came from: 4 or 16 bytes in network order.
package struct ClientAddress: Sendable, Hashable, CustomStringConvertible {
    /// Network order; empty where it is not known.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package static let unknown = ClientAddress(bytes: [])

    /// An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) as the IPv4 address; any other as it is.
    package var unmapped: ClientAddress {
        let isMapped = bytes.count == 16 && bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        return isMapped ? ClientAddress(bytes: Array(bytes.suffix(4))) : self
    }

    /// What one host can choose its addresses from: an IPv4 address, or the first 64 bits of an IPv6 address.
    package var network: [UInt8] {
        let bytes = unmapped.bytes
        return bytes.count == 16 ? Array(bytes.prefix(8)) : bytes
    }

    package var description: String {
        var text: [UInt8] = []
        write(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the address as text; an IPv4-mapped IPv6 address as IPv4.
    package func write(to text: inout [UInt8]) {
        let bytes = unmapped.bytes
        switch bytes.count {
        case 4: write(dotted: bytes[...], to: &text)
        case 16:
            let groups = stride(from: 0, to: 16, by: 2).map {
                String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
            }
            text.append(contentsOf: groups.joined(separator: ":").utf8)
        default: text.append(contentsOf: "unknown".utf8)
        }
    }

    private func write(dotted address: ArraySlice<UInt8>, to text: inout [UInt8]) {
        for (index, byte) in address.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            JSONText.append(Int64(byte), to: &text)
        }
    }
}
