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

    /// Reads the host of a URL as an address, in every spelling that some resolver understands: dotted, short (`127.1`),
    /// decimal, octal and hexadecimal IPv4 (inet_aton(3)), IPv6 (RFC 4291, 2.2) with or without brackets, with or without
    /// a zone or a last dot. Nil for a name.
    package init?(host: String) {
        var text = Array(host.utf8)[...]
        if text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") { text = text.dropFirst().dropLast() }
        if text.last == UInt8(ascii: ".") { text = text.dropLast() }
        if text.contains(UInt8(ascii: ":")) {
            let address = text.prefix { $0 != UInt8(ascii: "%") }
            guard let bytes = Self.readIPv6(address) else { return nil }
            self.bytes = bytes
        } else {
            guard let bytes = Self.readIPv4(text) else { return nil }
            self.bytes = bytes
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

    // MARK: - Text

    /// One to four numbers; the last one fills the bytes that are left, as inet_aton(3) reads them.
    private static func readIPv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count), let last = parts.last.flatMap(readNumber) else { return nil }
        var bytes: [UInt8] = []
        for part in parts.dropLast() {
            guard let number = readNumber(part), let byte = UInt8(exactly: number) else { return nil }
            bytes.append(byte)
        }
        let left = 4 - bytes.count
        guard left == 4 || last < 1 << (8 * UInt64(left)) else { return nil }
        for index in (0..<left).reversed() { bytes.append(UInt8(truncatingIfNeeded: last >> (8 * UInt64(index)))) }
        return bytes
    }

    private static func readNumber(_ text: ArraySlice<UInt8>) -> UInt64? {
        let isHex = text.count > 2 && (text.starts(with: "0x".utf8) || text.starts(with: "0X".utf8))
        let isOctal = !isHex && text.count > 1 && text.first == UInt8(ascii: "0")
        let digits = isHex ? text.dropFirst(2) : text
        guard let first = digits.first, ASCII.hexDigit(first) != nil, digits.count <= 20 else { return nil }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : isOctal ? 8 : 10),
            number <= UInt64(UInt32.max)
        else { return nil }
        return number
    }

    private static func readIPv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var text = Array(text)
        var tail: [UInt8] = []
        if text.contains(UInt8(ascii: ".")), let colon = text.lastIndex(of: UInt8(ascii: ":")) {
            let quad = text[(colon + 1)...]
            guard quad.allSatisfy({ ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }), let bytes = readIPv4(quad) else {
                return nil
            }
            tail = bytes
            // `::1.2.3.4` must keep both colons, `a:1.2.3.4` must lose its one.
            let keepsColon = colon > 0 && text[colon - 1] == UInt8(ascii: ":")
            text = Array(keepsColon ? text[...colon] : text[..<colon])
        }
        let double = text.indices.dropLast().first { text[$0] == UInt8(ascii: ":") && text[$0 + 1] == UInt8(ascii: ":") }
        guard let double else {
            guard let bytes = readGroups(text[...]), bytes.count + tail.count == 16 else { return nil }
            return bytes + tail
        }
        guard let left = readGroups(text[..<double]), let right = readGroups(text[(double + 2)...]) else { return nil }
        let zeros = 16 - left.count - right.count - tail.count
        guard zeros >= 2 else { return nil }
        return left + [UInt8](repeating: 0, count: zeros) + right + tail
    }

    private static func readGroups(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        for group in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard (1...4).contains(group.count), group.allSatisfy({ ASCII.hexDigit($0) != nil }),
                let number = UInt16(String(decoding: group, as: UTF8.self), radix: 16)
            else { return nil }
            bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
        return bytes.count <= 16 ? bytes : nil
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
