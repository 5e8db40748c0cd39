internal import CMicrohttpd
internal import FoundationEssentials
internal import Glibc
internal import SavePlatform

/// A certificate chain and its private key, as the TLS library hands them to clients.
final class TLSIdentity: Sendable {
    // SAFETY: filled in by `init`, read by the library only, and released when no connection and no server has it any more.
    nonisolated(unsafe) let certificates: UnsafeMutablePointer<gnutls_pcert_st>
    let count: Int
    nonisolated(unsafe) let key: gnutls_privkey_t

    /// More than any chain has.
    private static let maxChainLength: UInt32 = 16

    /// Reads both files. Blocks.
    ///
    /// - Throws: `invalidConfiguration`, naming the file and what is wrong with it, or that the two do not belong together.
    init(reading files: HTTPServerConfiguration.TLS) throws {
        let chain = try Self.contents(of: files.certificate, "certificate")
        let secret = try Self.contents(of: files.key, "key")
        let certificates = UnsafeMutablePointer<gnutls_pcert_st>.allocate(capacity: Int(Self.maxChainLength))
        var count = Self.maxChainLength
        let imported = Self.withDatum(chain) { datum in
            gnutls_pcert_list_import_x509_raw(
                certificates, &count, datum, GNUTLS_X509_FMT_PEM, UInt32(GNUTLS_X509_CRT_LIST_SORT.rawValue))
        }
        guard imported >= 0, count > 0 else {
            certificates.deallocate()
            throw Self.unusable("the certificate in \(files.certificate)", imported, "certificate")
        }
        var key: gnutls_privkey_t?
        var read = gnutls_privkey_init(&key)
        if read >= 0 {
            read = Self.withDatum(secret) { gnutls_privkey_import_x509_raw(key, $0, GNUTLS_X509_FMT_PEM, nil, 0) }
        }
        guard read >= 0, let key else {
            gnutls_privkey_deinit(key)
            Self.release(certificates, Int(count))
            throw Self.unusable("the private key in \(files.key)", read, "key")
        }
        self.certificates = certificates
        self.count = Int(count)
        self.key = key
        guard Self.isKey(key, of: certificates.pointee) else {
            throw SaveError(
                .invalidConfiguration,
                "the private key in \(files.key) does not belong to the certificate in \(files.certificate): "
                    + "'tls_certificate' and 'tls_key' must be of one pair, the server's own certificate first in its file",
                details: ["field": "tls.key"])
        }
    }

    deinit {
        gnutls_privkey_deinit(key)
        Self.release(certificates, count)
    }

    private static func release(_ certificates: UnsafeMutablePointer<gnutls_pcert_st>, _ count: Int) {
        for index in 0..<count { gnutls_pcert_deinit(certificates + index) }
        certificates.deallocate()
    }

    /// Whether a certificate is for the public half of a private key.
    private static func isKey(_ key: gnutls_privkey_t, of certificate: gnutls_pcert_st) -> Bool {
        var half: gnutls_pubkey_t?
        guard gnutls_pubkey_init(&half) >= 0 else { return false }
        defer { gnutls_pubkey_deinit(half) }
        guard gnutls_pubkey_import_privkey(half, key, 0, 0) >= 0, let mine = fingerprint(half) else { return false }
        return fingerprint(certificate.pubkey) == mine
    }

    private static func fingerprint(_ key: gnutls_pubkey_t?) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        var size = bytes.count
        guard gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256.rawValue, &bytes, &size) >= 0 else { return nil }
        return Array(bytes.prefix(size))
    }

    private static func contents(of path: String, _ what: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
            throw SaveError(
                .invalidConfiguration, "the TLS \(what) file \(path) cannot be read or is empty",
                details: ["field": "tls.\(what)"])
        }
        return Array(data)
    }

    private static func withDatum<Value>(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Value) -> Value {
        bytes.withUnsafeBufferPointer { buffer in
            // SAFETY: the library only reads what it imports.
            var datum = gnutls_datum_t(
                data: UnsafeMutablePointer(mutating: buffer.baseAddress), size: UInt32(clamping: buffer.count))
            return body(&datum)
        }
    }

    private static func unusable(_ what: String, _ code: Int32, _ field: String) -> SaveError {
        let reason = gnutls_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return SaveError(
            .invalidConfiguration, "\(what) cannot be used: \(reason); it must be PEM, and a key without a passphrase",
            details: ["field": "tls.\(field)"])
    }
}

extension HTTPServerConfiguration.TLS {
    /// Reads both files as a server would. Blocks.
    ///
    /// - Throws: `invalidConfiguration`, as `HTTPServer.start` does.
    package func check() throws { _ = try TLSIdentity(reading: self) }
}
