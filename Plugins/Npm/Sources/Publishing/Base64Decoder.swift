internal import SavePlatform

/// Base64 (RFC 4648, 4) in pieces of any size. Strict: no other characters, padding at the end and nowhere else.
struct Base64Decoder {
    private var bits: UInt32 = 0
    private var digits = 0
    private var padding = 0

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(digit)] = UInt8(value)
        }
        return values
    }()

    /// Decodes a piece.
    ///
    /// - Returns: the bytes that are complete.
    /// - Throws: `invalidRequest` naming `_attachments`.
    mutating func decode(_ text: ArraySlice<UInt8>) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 3)
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = Self.values[Int(byte)]
            guard value != 255, padding == 0 else { throw Self.invalid }
            bits = bits << 6 | UInt32(value)
            digits += 1
            guard digits == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
            (bits, digits) = (0, 0)
        }
        return bytes
    }

    /// The last bytes, after all text.
    mutating func finish() throws -> [UInt8] {
        switch (digits, padding) {
        case (0, 0): return []
        // 3.5: bits that stand for nothing "MUST be set to zero".
        case (2, 2) where bits & 0xF == 0: return [UInt8(truncatingIfNeeded: bits >> 4)]
        case (3, 1) where bits & 0x3 == 0:
            return [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)]
        default: throw Self.invalid
        }
    }

    private static let invalid = SaveError.invalid("_attachments", "_attachments: data is not Base64")
}
