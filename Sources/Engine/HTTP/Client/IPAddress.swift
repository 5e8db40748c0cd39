internal import Glibc
internal import SavePlatform

/// An IPv4 or IPv6 address, as its bytes in network order.
package struct IPAddress: Sendable, Hashable {
    /// 4 or 16 bytes.
    package let bytes: [UInt8]

    /// Takes the bytes of an address; nil for any other number of bytes than 4 or 16.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads the host of a URL as an address, in every spelling that the resolver takes for one (getaddrinfo(3),
    /// `AI_NUMERICHOST`): dotted, short (`127.1`), decimal, octal and hexadecimal IPv4, IPv6 (RFC 4291, 2.2) with or without
    /// brackets, with or without a zone or a last dot. Nil for a name.
    package init?(host: String) {
        var text = Array(host.utf8)[...]
        if text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") { text = text.dropFirst().dropLast() }
        if text.last == UInt8(ascii: ".") { text = text.dropLast() }
        // A zone has to be one of this machine's, and is no part of the address.
        if text.contains(UInt8(ascii: ":")) { text = text.prefix { $0 != UInt8(ascii: "%") } }
        guard !text.isEmpty, !text.contains(0) else { return nil }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(String(decoding: text, as: UTF8.self), nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        guard let address = found.pointee.ai_addr else { return nil }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    /// The IPv4 address that an IPv6 address leads to: mapped, compatible, translated (RFC 6052, RFC 2765) or 6to4.
    package var embeddedIPv4: IPAddress? {
        guard bytes.count == 16 else { return nil }
        let prefixes: [[UInt8]] = [
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        if prefixes.contains(where: { bytes.starts(with: $0) }) { return IPAddress(bytes: Array(bytes[12...])) }
        if bytes.starts(with: [0x20, 0x02]) { return IPAddress(bytes: Array(bytes[2..<6])) }
        return nil
    }
}

/// All addresses that begin with the same bits.
package struct AddressRange: Sendable, Hashable {
    private let prefix: [UInt8]
    private let bits: Int

    /// Reads `address/bits` (RFC 4632, 3.1), or a plain address as a range of one; nil for anything else.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard let first = parts.first, let address = IPAddress(host: first), parts.count <= 2 else { return nil }
        let width = address.bytes.count * 8
        prefix = address.bytes
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy(ASCII.isDigit), let number = Int(parts[1]), number <= width
            else { return nil }
            bits = number
        } else {
            bits = width
        }
    }

    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == prefix.count else { return false }
        for (index, (left, right)) in zip(address.bytes, prefix).enumerated() {
            let rest = bits - index * 8
            if rest <= 0 { return true }
            let mask: UInt8 = rest >= 8 ? 0xFF : ~(0xFF >> UInt8(rest))
            if left & mask != right & mask { return false }
        }
        return true
    }
}
