internal import SaveHTTP
internal import SavePlatform

/// What a `Host` field and the authority of an absolute request target may be.
///
/// RFC 9112, 3.2: "A server MUST respond with a 400 (Bad Request) status code … to any request message that contains … a Host
/// header field with an invalid field value." Links are made from it, so it is a host and a port and nothing else. Of RFC 3986's
/// names only those of DNS are taken: a comma or a percent sign there is read differently by different readers.
enum HostField {
    /// A name of 253 bytes with a port, or an address in brackets with one.
    private static let maxBytes = 261

    static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        guard !text.isEmpty, text.count <= maxBytes else { return false }
        if text[0] == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return false }
            return isIPv6(text[1..<end]) && isPort(text[(end + 1)...])
        }
        let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        return isName(text[..<end]) && isPort(text[end...])
    }

    private static func isName(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        !text.isEmpty && text.allSatisfy { ASCII.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    /// Without a zone, which means something to the client's machine only.
    private static func isIPv6(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard text.contains(UInt8(ascii: ":")),
            text.allSatisfy({ ASCII.hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        else { return false }
        return IPAddress(host: String(decoding: text, as: UTF8.self))?.bytes.count == 16
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let colon = text.first else { return true }
        let digits = text.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(ASCII.isDigit) else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) } <= 65_535
    }
}
