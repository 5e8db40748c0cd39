public import SaveDigest

/// The SHA-256 of a stored blob: its identity.
public struct BlobDigest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// nil unless the text has 64 hexadecimal digits, in either case.
    public init?(hex: String) {
        guard hex.utf8.count == 64, Hex.decode(hex) != nil else { return nil }
        self.hex = ASCII.lowercased(hex)
    }

    /// The digest of bytes in memory.
    package init(of bytes: [UInt8]) { hex = Digest.hex(bytes) }

    /// A finished SHA-256.
    package init(sha256: [UInt8]) { hex = Hex.encode(sha256) }

    public var description: String { hex }
    public static func < (left: BlobDigest, right: BlobDigest) -> Bool { left.hex < right.hex }
}

extension Sequence<Checksum> {
    /// The first digest by an algorithm. Inlined, because formats ask it of every file of a page.
    @inlinable public subscript(algorithm: DigestAlgorithm) -> Checksum? { first { $0.algorithm == algorithm } }
}

/// A digest of a file, by whatever algorithm a protocol names.
public struct Checksum: Sendable, Hashable {
    public let algorithm: DigestAlgorithm
    /// Lower-case hexadecimal digits.
    public let hex: String

    /// nil unless the text has exactly the algorithm's number of hexadecimal digits, in either case.
    public init?(_ algorithm: DigestAlgorithm, hex: String) {
        guard hex.utf8.count == algorithm.byteCount * 2, let hex = Self.lowercasedDigits(hex) else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    /// Most digests come in small letters already; an index has tens of thousands of them.
    private static func lowercasedDigits(_ hex: String) -> String? {
        var text = hex
        // Without a branch for each byte: whether the next digit is a letter cannot be foreseen.
        let (others, capitals) = text.withUTF8 { bytes in
            var others: UInt8 = 0
            var capitals: UInt8 = 0
            for byte in bytes {
                let isDigit: UInt8 = byte &- 48 < 10 ? 1 : 0
                let isSmall: UInt8 = byte &- 97 < 6 ? 1 : 0
                let isCapital: UInt8 = byte &- 65 < 6 ? 1 : 0
                others |= (isDigit | isSmall | isCapital) ^ 1
                capitals |= isCapital
            }
            return (others, capitals)
        }
        guard others == 0 else { return nil }
        return capitals == 0 ? hex : ASCII.lowercased(hex)
    }
}
