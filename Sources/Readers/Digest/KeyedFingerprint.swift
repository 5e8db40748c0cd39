internal import CCrypto

/// SHA-256 over a secret block and a text: names a credential in memory without holding it.
///
/// The secret fills the digest's first 64-byte block, whose state is computed once. Made for credentials that are looked up
/// with every request: about a tenth of what HMAC through EVP costs. The result is never shown to anyone, so that the
/// extension of a text by who knows its digest (the reason for HMAC) is no concern.
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

    /// 32 bytes that stand for a text.
    public func of(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var state = start
        text.withUnsafeBytes { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            SHA256_Final(digest.baseAddress, &state)
            count = 32
        }
    }
}
