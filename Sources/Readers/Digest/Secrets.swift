internal import CCrypto

/// Random bytes, keyed hashes and sealed values, all from libcrypto.
public enum Secrets {
    /// Bytes from the operating system's random source.
    ///
    /// - Throws: ``SecretsError/noRandomness`` when the source fails, which leaves nothing safe to do.
    public static func random(_ count: Int) throws(SecretsError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(clamping: count)) == 1 else { throw .noRandomness }
        return bytes
    }

    /// HMAC-SHA-256 (RFC 2104), 32 bytes.
    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var mac = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &mac, &length)
        return mac
    }

    /// Equality in a time that depends on the lengths only.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Encrypts and authenticates a value with AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes).
    ///
    /// - Parameter key: 32 bytes.
    public static func seal(_ plaintext: [UInt8], key: [UInt8]) throws(SecretsError) -> [UInt8] {
        guard key.count == 32 else { throw .badKey }
        let nonce = try random(12)
        guard let context = EVP_CIPHER_CTX_new() else { throw .noRandomness }
        defer { EVP_CIPHER_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var written: Int32 = 0
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_EncryptUpdate(context, &ciphertext, &written, plaintext, Int32(clamping: plaintext.count)) == 1,
            EVP_EncryptFinal_ex(context, &tag, &written) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
        else { throw .badKey }
        return nonce + ciphertext + tag
    }

    /// Opens what ``seal(_:key:)`` made.
    ///
    /// - Throws: ``SecretsError/notAuthentic`` for another key or changed bytes.
    public static func open(_ sealed: [UInt8], key: [UInt8]) throws(SecretsError) -> [UInt8] {
        guard key.count == 32 else { throw .badKey }
        guard sealed.count >= 28, let context = EVP_CIPHER_CTX_new() else { throw .notAuthentic }
        defer { EVP_CIPHER_CTX_free(context) }
        let nonce = Array(sealed.prefix(12))
        let ciphertext = Array(sealed.dropFirst(12).dropLast(16))
        var tag = Array(sealed.suffix(16))
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        var written: Int32 = 0
        var rest = [UInt8](repeating: 0, count: 16)
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(context, &plaintext, &written, ciphertext, Int32(clamping: ciphertext.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &written) == 1
        else { throw .notAuthentic }
        return plaintext
    }
}

/// Why a secret could not be made or opened.
public enum SecretsError: Error, Sendable {
    case noRandomness, badKey, notAuthentic
}
