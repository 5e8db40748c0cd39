internal import FoundationEssentials
internal import SaveDigest
internal import SavePlatform

/// Subresource integrity (W3C SRI, 3.1): `sha512-<base64>`, several with spaces between.
enum Integrity {
    /// The digests that are of a known kind and well formed.
    static func checksums(_ text: String) -> [Checksum] {
        text.utf8.split(separator: UInt8(ascii: " ")).compactMap { hash in
            let parts = hash.split(separator: UInt8(ascii: "-"), maxSplits: 1)
            guard parts.count == 2, let algorithm = DigestAlgorithm(rawValue: String(Substring(parts[0]))),
                // "options" after a question mark say nothing about the bytes.
                let digest = Data(base64Encoded: String(Substring(parts[1].prefix { $0 != UInt8(ascii: "?") })))
            else { return nil }
            return Checksum(algorithm, hex: Hex.encode([UInt8](digest)))
        }
    }

    /// The SHA-512 of a file, as npm writes it; nil where it is not known.
    ///
    /// Not by what else the file has: of a file that a proxy has fetched another digest is known than before, and lock files keep what
    /// they saw first.
    static func text(_ checksums: [Checksum]) -> String? {
        guard let checksum = checksums[.sha512], let bytes = Hex.decode(checksum.hex) else { return nil }
        return "sha512-\(Data(bytes).base64EncodedString())"
    }
}
