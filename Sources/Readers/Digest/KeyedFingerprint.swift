internal import CCrypto

/// SHA-256 over a secret block and a text: names a credential in memory without holding it.
///
/// The secret fills the digest's first 64-byte block, whose state is computed once. Made for credentials that are looked up
/// with every request: about a tenth of what HMAC through EVP costs. The result is never shown to anyone, so that the
/// extension of a text by an attacker that knows its digest (the reason for HMAC) is no concern.
public struct KeyedFingerprint: Sendable {
    private let start: SHA256_CTX

    /// - Parameter key: 32 secret bytes.
    public init(key: [UInt8]) {
        var state = SHA256_CTX()
        SHA256_Init(&state)
        let block = Array(key.prefix(64)) + [UInt8](repeating: 0, count: max(0, 64 - key.count))
        SHA256_Update(&state, block, block.count)
        start = state
    }

    /// What stands for a text.
    public func of(_ text: ArraySlice<UInt8>) -> Fingerprint {
        var state = start
        text.withUnsafeBytes { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        var fingerprint = Fingerprint()
        withUnsafeMutableBytes(of: &fingerprint.words) { digest in
            // The 32 bytes that SHA256_Final writes are the four words.
            _ = SHA256_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &state)
        }
        return fingerprint
    }
}

/// 32 bytes that stand for a text; a value without a heap of its own, because every request makes some.
public struct Fingerprint: Sendable, Hashable {
    fileprivate var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    public static func == (left: Fingerprint, right: Fingerprint) -> Bool { left.words == right.words }

    /// A quarter tells fingerprints apart in a table; nobody without the key can make two that share it.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
