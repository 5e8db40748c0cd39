internal import SaveDigest
internal import SavePlatform

/// The digest that names a blob or a manifest: `sha256:` or `sha512:` and as many hexadecimal digits as that has, in small letters
/// (image-spec, descriptor.md, "Digests").
struct ContentDigest: Hashable {
    let checksum: Checksum

    /// nil for what is no such digest.
    init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let algorithm = Self.algorithms.first(where: { ASCII.isEqual($0.rawValue, String(text[..<colon])) })
        else { return nil }
        let hex = String(Substring(text.utf8[colon...].dropFirst()))
        guard let checksum = Checksum(algorithm, hex: hex), ASCII.isEqual(checksum.hex, hex) else { return nil }
        self.checksum = checksum
    }

    init?(_ checksum: Checksum?) {
        guard let checksum, Self.algorithms.contains(checksum.algorithm) else { return nil }
        self.checksum = checksum
    }

    var algorithm: DigestAlgorithm { checksum.algorithm }
    /// As clients write it.
    var text: String { "\(checksum.algorithm.rawValue):\(checksum.hex)" }

    /// Whether a text is meant as a digest: no tag has a colon.
    static func isMeant(by text: String) -> Bool { text.utf8.contains(UInt8(ascii: ":")) }

    private static let algorithms: [DigestAlgorithm] = [.sha256, .sha512]

    static let malformed = "a digest is sha256: and 64 hexadecimal digits in small letters, or sha512: and 128"
}
