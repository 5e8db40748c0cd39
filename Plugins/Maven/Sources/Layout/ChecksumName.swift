internal import SaveDigest
internal import SavePlatform

/// Names of files that have the digest of another one: `lib-1.0.jar.sha1`.
struct ChecksumName {
    /// The path of the other one, as segments.
    let file: [String]
    let algorithm: DigestAlgorithm

    static let algorithms: [DigestAlgorithm] = [.sha1, .md5, .sha256, .sha512]

    init?(_ segments: [String]) {
        guard let name = segments.last, let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.utf8.startIndex else {
            return nil
        }
        let ending = String(name[name.utf8.index(after: dot)...])
        guard let algorithm = Self.algorithms.first(where: { $0.rawValue == ending }) else { return nil }
        self.algorithm = algorithm
        file = segments.dropLast() + [String(name[..<dot])]
    }
}
