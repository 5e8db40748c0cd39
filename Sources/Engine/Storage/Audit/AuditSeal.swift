internal import SaveDigest

/// Marks text as this server's own: an HMAC under a key that is derived from the server's.
///
/// With the database but without `server.key`, an attacker can compute every hash of the chain, and no seal.
package struct AuditSeal: Sendable {
    private let key: [UInt8]

    package init(serverKey: [UInt8]) {
        key = Secrets.hmacSHA256(key: serverKey, Array("save audit seal".utf8))
    }

    /// The seal of a text, in hexadecimal.
    package func of(_ text: String) -> String { Hex.encode(Secrets.hmacSHA256(key: key, Array(text.utf8))) }

    package func holds(_ seal: String, for text: String) -> Bool {
        Secrets.areEqual(Array(seal.utf8), Array(of(text).utf8))
    }
}
