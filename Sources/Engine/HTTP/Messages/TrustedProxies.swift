package import SavePlatform

/// The reverse proxies whose word is believed about who sent a request and whether it came over TLS.
///
/// Each proxy adds the address it was asked from to the end of `X-Forwarded-For`, or of `Forwarded` (RFC 7239). What stands
/// before it was there already and may be anybody's invention. So the fields are read from their end, and only as long as
/// those who wrote them are trusted: the first address that is no trusted proxy's is the client.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]

    /// Nobody is believed.
    package init() { ranges = [] }

    /// Reads the entries of `trusted_proxies`: addresses and CIDR ranges. Nil where one is neither.
    package init?(_ entries: [String]) {
        ranges = entries.compactMap(AddressRange.init)
        guard ranges.count == entries.count else { return nil }
    }

    /// Where a request came from.
    package struct Origin: Sendable, Equatable {
        package let client: ClientAddress
        package let isSecure: Bool

        package init(client: ClientAddress, isSecure: Bool) {
            self.client = client
            self.isSecure = isSecure
        }
    }

    /// Whether an address is one of the proxies.
    package func contains(_ address: ClientAddress) -> Bool {
        guard !ranges.isEmpty, let address = IPAddress(bytes: address.unmapped.bytes) else { return false }
        return ranges.contains { $0.contains(address) }
    }

    /// Where a request really came from that `peer` sent. What cannot be read, or says two things, is as if it were not
    /// there: then it came from `peer`.
    ///
    /// - Parameter isSecure: whether `peer` sent it over TLS.
    package func origin(of headers: HTTPHeaders, from peer: ClientAddress, isSecure: Bool) -> Origin {
        let direct = Origin(client: peer, isSecure: isSecure)
        guard contains(peer) else { return direct }
        let plain = ForwardedHop.plain(in: headers), standard = ForwardedHop.standard(in: headers)
        // A proxy writes one of the two fields and passes the other on as it came. So where both are there, they must lead
        // to the same client and the same scheme.
        var found: [(client: ClientAddress, scheme: ForwardedHop.Scheme?)] = []
        for hops in [plain, standard] where !hops.isEmpty {
            guard let hop = outermost(of: hops), let client = hop.address else { return direct }
            found.append((client, hop.scheme))
        }
        let client = found.first?.client ?? peer
        guard found.allSatisfy({ $0.client == client }) else { return direct }
        let schemes = Set([ForwardedHop.scheme(in: headers)].compactMap { $0 } + found.compactMap(\.scheme))
        let scheme = schemes.count == 1 ? schemes.first : nil
        return Origin(client: client, isSecure: scheme.map { $0 == .https } ?? isSecure)
    }

    /// The last hop that no proxy is; where all are proxies, the first. Nil as soon as one on the way cannot be read.
    private func outermost(of hops: [ForwardedHop]) -> ForwardedHop? {
        for hop in hops.reversed() {
            guard let address = hop.address else { return nil }
            if !contains(address) { return hop }
        }
        return hops.first
    }
}

/// One address that a proxy says it was asked from.
struct ForwardedHop {
    enum Scheme: String { case http, https }

    /// Nil for what is no address: `unknown`, a name that hides one, or a mistake.
    let address: ClientAddress?
    let scheme: Scheme?

    /// The hops in `X-Forwarded-For`, in order; the field may come in several lines.
    static func plain(in headers: HTTPHeaders) -> [ForwardedHop] {
        elements(of: "x-forwarded-for", in: headers).map { ForwardedHop(address: address($0[...]), scheme: nil) }
    }

    /// The hops in `Forwarded` (RFC 7239, 4: `forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )`).
    static func standard(in headers: HTTPHeaders) -> [ForwardedHop] {
        elements(of: "forwarded", in: headers).map { element in
            let pairs = element.split(separator: UInt8(ascii: ";")).map { trimmed($0) }
            return ForwardedHop(
                address: value(of: "for", in: pairs).flatMap { address($0[...]) },
                scheme: value(of: "proto", in: pairs).flatMap(scheme))
        }
    }

    /// What `X-Forwarded-Proto` says; the last value is the nearest proxy's.
    static func scheme(in headers: HTTPHeaders) -> Scheme? {
        elements(of: "x-forwarded-proto", in: headers).last.flatMap(scheme)
    }

    private static func scheme(_ text: [UInt8]) -> Scheme? {
        Scheme(rawValue: String(decoding: text.map(ASCII.lowercased), as: UTF8.self))
    }

    private static func elements(of name: String, in headers: HTTPHeaders) -> [[UInt8]] {
        headers.values(of: name).flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { trimmed(Array($0)[...]) }
        }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return Array(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    /// The value of a pair, without its quotes. Nil where it is missing or stands twice.
    private static func value(of name: String, in pairs: [[UInt8]]) -> [UInt8]? {
        let values = pairs.compactMap { pair -> [UInt8]? in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                pair[..<equals].map(ASCII.lowercased).elementsEqual(name.utf8)
            else { return nil }
            let value = pair[(equals + 1)...]
            let isQuoted = value.count >= 2 && value.first == UInt8(ascii: "\"") && value.last == UInt8(ascii: "\"")
            return Array(isQuoted ? value.dropFirst().dropLast() : value)
        }
        return values.count == 1 ? values.first : nil
    }

    /// RFC 7239, 6: `node = nodename [ ":" node-port ]`, with brackets around IPv6. `X-Forwarded-For` has IPv6 without
    /// them, too.
    private static func address(_ node: ArraySlice<UInt8>) -> ClientAddress? {
        var host = node
        if node.first == UInt8(ascii: "[") {
            guard let end = node.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let port = node[(end + 1)...]
            guard port.isEmpty || port.first == UInt8(ascii: ":") && isPort(port.dropFirst()) else { return nil }
            host = node[(node.startIndex + 1)..<end]
            guard host.contains(UInt8(ascii: ":")) else { return nil }
        } else if let colon = node.firstIndex(of: UInt8(ascii: ":")), node.lastIndex(of: UInt8(ascii: ":")) == colon {
            guard isPort(node[(colon + 1)...]) else { return nil }
            host = node[..<colon]
        }
        let text = String(decoding: host, as: UTF8.self)
        guard host.allSatisfy({ ASCII.hexDigit($0) != nil || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }),
            let address = IPAddress(host: text).map({ ClientAddress(bytes: $0.bytes) })
        else { return nil }
        // One spelling of IPv4: others are octal for one reader and decimal for the next.
        guard address.bytes.count == 16 || address.description.utf8.elementsEqual(host) else { return nil }
        return address.unmapped
    }

    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        (1...5).contains(text.count) && text.allSatisfy(ASCII.isDigit)
    }
}
