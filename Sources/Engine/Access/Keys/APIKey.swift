package import SaveDigest
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// The text form of API keys: `sav_`, a public id of 12 characters, a secret of 32, a checksum of 6.
///
/// All 50 characters after the prefix are letters and digits, so that a double click takes the whole key and no tool
/// escapes any of it. The prefix and the checksum let scanners find leaked keys and let the server refuse a mistyped one
/// without looking it up. The secret has 190 random bits.
package enum APIKey {
    /// What every key starts with.
    package static let prefix = LoggedText.keyPrefix

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let idLength = 12
    private static let secretLength = 32
    private static let checksumLength = 6
    private static let length = 4 + idLength + secretLength + checksumLength

    /// A text that has the form of a key; whether it is one, its hash decides.
    package struct Candidate: Sendable, Equatable {
        /// The public part, by which the record is found.
        package let id: String
        /// The whole text.
        package let bytes: [UInt8]
    }

    /// Makes a new key.
    ///
    /// - Parameter serverKey: the server's own 32 bytes.
    /// - Returns: the text, which nobody can read again, and the record to store.
    package static func issue(
        for owner: PrincipalName, description: String = "", scopes: [KeyScope] = [], expires: Timestamp? = nil,
        at now: Timestamp, serverKey: [UInt8]
    ) throws(SecretsError) -> (text: String, record: KeyRecord) {
        let id = try randomText(idLength)
        let bytes = text(id, secret: try randomText(secretLength))
        let record = KeyRecord(
            id: String(decoding: id, as: UTF8.self), owner: owner, hash: hash(bytes, serverKey: serverKey),
            description: description, scopes: scopes, expires: expires, created: now)
        return (String(decoding: bytes, as: UTF8.self), record)
    }

    /// The text of a key, of its public part and its secret one.
    package static func text(_ id: [UInt8], secret: [UInt8]) -> [UInt8] {
        let body = Array(prefix.utf8) + id + secret
        return body + checksum(of: body)
    }

    /// Reads the form of a key; nil for a text that cannot be one.
    package static func parse(_ bytes: some Collection<UInt8>) -> Candidate? {
        guard bytes.count == length else { return nil }
        let bytes = Array(bytes)
        let body = Array(bytes.dropLast(checksumLength))
        guard body.starts(with: prefix.utf8), body.dropFirst(4).allSatisfy(ASCII.isAlphanumeric),
            bytes.suffix(checksumLength).elementsEqual(checksum(of: body))
        else { return nil }
        return Candidate(id: String(decoding: body.dropFirst(4).prefix(idLength), as: UTF8.self), bytes: bytes)
    }

    /// What is stored of a key: HMAC-SHA-256 under the server's own key. A fast hash is enough for 190 random bits.
    package static func hash(_ key: [UInt8], serverKey: [UInt8]) -> [UInt8] {
        Secrets.hmacSHA256(key: serverKey, Array("save api key\0".utf8) + key)
    }

    private static func randomText(_ count: Int) throws(SecretsError) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < count {
            // 248 is the largest multiple of 62 in a byte: what lies above would favour the first characters.
            for byte in try Secrets.random(count) where byte < 248 && text.count < count {
                text.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return text
    }

    private static func checksum(of body: [UInt8]) -> [UInt8] {
        Digest.of(body).prefix(checksumLength).map { alphabet[Int($0) % alphabet.count] }
    }
}
