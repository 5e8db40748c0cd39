/// Questions about single ASCII bytes, and percent-encoding.
public enum ASCII {
    public static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    public static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
    public static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
    public static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }

    /// The text with ASCII capitals made small and every other byte as it is.
    public static func lowercased(_ text: String) -> String {
        text.utf8.contains { $0 != lowercased($0) } ? String(decoding: text.utf8.map(lowercased), as: UTF8.self) : text
    }

    /// Whether two texts have the same bytes. Swift's own comparison takes some different bytes for equal.
    public static func isEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        // In one piece wherever it was made by Swift, and then a comparison of memory.
        return left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
        }.flatMap(\.self) ?? left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a text has these bytes.
    public static func isEqual(_ text: String, _ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard text.utf8.count == bytes.count else { return false }
        return text.utf8.withContiguousStorageIfAvailable { $0.elementsEqual(bytes) } ?? text.utf8.elementsEqual(bytes)
    }

    /// The value of a hexadecimal digit.
    public static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// The bytes that percent-encoded text stands for (RFC 3986, 2.1), decoded once; nil for a `%` without two digits.
    public static func percentDecoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// One path segment for a URL: everything but RFC 3986's unreserved characters escaped, `+` with them.
    public static func percentEncoded(_ segment: String) -> String {
        String(decoding: segment.utf8.flatMap { isUnreserved($0) ? [$0] : percentEscape($0) }, as: UTF8.self)
    }

    /// One path segment for a URL, with nothing escaped that RFC 3986, 3.3 allows there.
    static func pathSegment(_ segment: String) -> String {
        String(decoding: segment.utf8.flatMap { isPathByte($0) ? [$0] : percentEscape($0) }, as: UTF8.self)
    }

    /// What stands in a path segment as it is: unreserved characters, and those whose meaning is left to the server.
    /// Whether a byte of a path means the same with an escape and without only to some servers (RFC 3986, 2.2).
    package static func isReservedInPaths(_ byte: UInt8) -> Bool { isPathByte(byte) && !isUnreserved(byte) }

    static func isPathByte(_ byte: UInt8) -> Bool { isUnreserved(byte) || "!$&'()*+,;=:@".utf8.contains(byte) }

    /// RFC 3986, 2.3: whether a character means the same escaped or not.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == 45 || byte == 46 || byte == 95 || byte == 126
    }

    static func percentEscape(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// Text for an HTML attribute in double quotes, or for element content.
    public static func htmlEscaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): bytes.append(contentsOf: "&#39;".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
