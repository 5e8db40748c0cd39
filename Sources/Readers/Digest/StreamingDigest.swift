internal import CBlake2
internal import CCrypto

/// A digest computed over bytes as they arrive.
///
/// Not thread-safe by itself: one owner feeds it, then asks for the result once.
public final class StreamingDigest {
    /// What is computed.
    public let algorithm: DigestAlgorithm
    private let state: OpaquePointer?
    private let blake2: UnsafeMutableRawPointer?

    /// Starts a digest of no bytes.
    public init(_ algorithm: DigestAlgorithm) {
        self.algorithm = algorithm
        if algorithm == .blake2b256 {
            // OpenSSL 3.0 offers BLAKE2b with 512 bits only; the index protocol wants 256.
            state = nil
            blake2 = save_blake2b_new(algorithm.byteCount)
        } else {
            state = EVP_MD_CTX_new()
            blake2 = nil
            EVP_DigestInit_ex(state, Self.method(algorithm), nil)
        }
    }

    deinit {
        EVP_MD_CTX_free(state)
        save_blake2b_free(blake2)
    }

    /// Adds bytes.
    public func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds bytes.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        if let blake2 {
            save_blake2b_update(blake2, start.assumingMemoryBound(to: UInt8.self), bytes.count)
        } else {
            EVP_DigestUpdate(state, start, bytes.count)
        }
    }

    /// The digest of everything added. Call it once.
    public func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.byteCount)
        if let blake2 {
            save_blake2b_final(blake2, &digest, digest.count)
        } else {
            EVP_DigestFinal_ex(state, &digest, nil)
        }
        return digest
    }

    private static func method(_ algorithm: DigestAlgorithm) -> OpaquePointer? {
        switch algorithm {
        case .sha256: EVP_sha256()
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha224: EVP_sha224()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        case .blake2b256: nil
        }
    }
}

/// Digests of bytes that are already in memory.
public enum Digest {
    /// The digest of `bytes`.
    public static func of(_ bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) -> [UInt8] {
        let digest = StreamingDigest(algorithm)
        digest.update(bytes)
        return digest.finish()
    }

    /// The digest of `bytes` in lower-case hexadecimal.
    public static func hex(_ bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) -> String {
        Hex.encode(of(bytes, algorithm))
    }
}
