internal import FoundationEssentials
internal import SavePlatform
internal import SaveS3

/// Where stored files are kept.
package enum BlobAddress: Sendable, Equatable {
    /// In the data directory.
    case files
    /// In an object store, with what keys begin with.
    case bucket(String, prefix: String)
}

extension ServerConfiguration {
    /// Makes sure that all is said that an object store needs, without reading a file.
    ///
    /// - Throws: `invalidConfiguration`, naming the key.
    func checkObjectStore() throws {
        guard blobs != .files else { return }
        guard s3Endpoint != nil else {
            throw Self.invalid("s3_endpoint", "is missing: `blobs` names a bucket, and this is the address of its store")
        }
        for (key, value, file) in [
            ("s3_access_key", s3AccessKey, s3AccessKeyFile), ("s3_secret_key", s3SecretKey, s3SecretKeyFile),
        ] {
            if value == nil, file == nil {
                throw Self.invalid(key, "is missing: `blobs` names a bucket. Set it, or \(key)_file")
            }
            if value != nil, file != nil { throw Self.invalid(key, "and '\(key)_file' are both set: keep one of them") }
        }
    }

    /// The bucket of the stored files; nil where they are in the data directory.
    ///
    /// - Throws: `invalidConfiguration`, naming the key, for a file that cannot be read.
    func bucket() throws -> S3Configuration? {
        guard case .bucket(let bucket, let prefix) = blobs else { return nil }
        try checkObjectStore()
        guard let endpoint = s3Endpoint.flatMap({ URLOrigin(of: $0) }) else {
            throw Self.invalid("s3_endpoint", "must be an address such as https://s3.example.com, without a path")
        }
        return S3Configuration(
            endpoint: endpoint, bucket: bucket, prefix: prefix, region: s3Region,
            credentials: SignatureV4.Credentials(
                accessKey: try Self.secret("s3_access_key_file", s3AccessKeyFile) ?? s3AccessKey ?? "",
                secretKey: try Self.secret("s3_secret_key_file", s3SecretKeyFile) ?? s3SecretKey ?? ""),
            usesPathStyle: s3PathStyle)
    }

    /// The line in a file, which may be one that an orchestrator has mounted.
    private static func secret(_ key: String, _ path: String?) throws -> String? {
        guard let path else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw invalid(key, "names a file that cannot be read: \(path)")
        }
        var bytes = Array(data)[...]
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        do {
            return try SettingText.word(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw invalid(key, "names a file, \(path), whose line \(error.complaint)")
        }
    }

    private static func invalid(_ key: String, _ what: String) -> SaveError {
        SaveError(.invalidConfiguration, "'\(key)' \(what)", details: ["key": key])
    }
}
