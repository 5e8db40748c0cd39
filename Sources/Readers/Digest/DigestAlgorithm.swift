/// A digest that package ecosystems publish. Raw values are the names clients use in URLs and JSON.
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable, Codable {
    case sha256, md5, sha1, sha224, sha384, sha512
    /// BLAKE2b with a 256-bit digest, the `blake2_256_digest` of the legacy upload API.
    case blake2b256 = "blake2b_256"

    /// The digest's length in bytes.
    public var byteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224: 28
        case .sha256, .blake2b256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }
}
