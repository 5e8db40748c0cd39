package import SavePlatform

/// Where a bucket is, and how it is asked.
package struct S3Configuration: Sendable {
    /// Scheme, host and port of the store, without a path.
    package var endpoint: URLOrigin
    package var bucket: String
    /// What keys of this server begin with: empty, or with a slash at its end.
    package var prefix: String
    package var region: String
    package var credentials: SignatureV4.Credentials
    /// Whether the bucket is the first part of the path, and not of the host's name.
    package var usesPathStyle: Bool

    /// Files that are larger go up in parts.
    package var maxPutBytes: Int64 = 64 << 20
    /// Bytes of a part; more where there would be too many of them.
    package var partSize: Int64 = 16 << 20
    /// Times that a request is made before its failure counts.
    package var attempts = 5
    /// Pause before the second of them, doubled before each further one.
    package var pause: Duration = .milliseconds(100)
    /// After which no further attempt begins: a store that says nothing takes its time to fail.
    package var patience: Duration = .seconds(30)

    package init(
        endpoint: URLOrigin, bucket: String, prefix: String = "", region: String = "us-east-1",
        credentials: SignatureV4.Credentials, usesPathStyle: Bool = true
    ) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.credentials = credentials
        self.usesPathStyle = usesPathStyle
    }

    /// A bucket and a prefix out of `s3://bucket[/prefix]`; nil for what is no such address.
    package static func place(_ address: String) -> (bucket: String, prefix: String)? {
        guard address.utf8.starts(with: "s3://".utf8) else { return nil }
        let parts = address.utf8.dropFirst(5).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let bucket = parts.first, isBucket(bucket) else { return nil }
        var folders = parts.dropFirst()
        if folders.last == "" { folders = folders.dropLast() }
        // Bytes that no signer and no proxy has to encode, and nothing that a path would be cleaned of.
        let isPlain = folders.allSatisfy { folder in
            !folder.isEmpty && folder != "." && folder != ".."
                && folder.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._".utf8.contains($0) }
        }
        guard isPlain else { return nil }
        return (bucket, folders.map { $0 + "/" }.joined())
    }

    /// 3 to 63 small letters, digits, dots and hyphens, with a letter or a digit at both ends.
    private static func isBucket(_ name: String) -> Bool {
        let isPlain = { (byte: UInt8) in ASCII.isDigit(byte) || (0x61...0x7A).contains(byte) }
        guard (3...63).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last else { return false }
        return isPlain(first) && isPlain(last) && name.utf8.allSatisfy { isPlain($0) || $0 == 0x2D || $0 == 0x2E }
    }

    /// The host that requests go to, as `Host` has it.
    var host: String {
        let name = endpoint.host.utf8.contains(UInt8(ascii: ":")) ? "[\(endpoint.host)]" : endpoint.host
        let port = endpoint.port == (endpoint.scheme == "https" ? 443 : 80) ? "" : ":\(endpoint.port)"
        return (usesPathStyle ? "" : "\(bucket).") + name + port
    }

    /// Names of hosts that the server dials for this store.
    package var hosts: [String] { [endpoint.host] + (usesPathStyle ? [] : ["\(bucket).\(endpoint.host)"]) }

    /// The path of a key, or of the bucket itself, not percent-encoded.
    func path(of key: String?) -> String { (usesPathStyle ? "/\(bucket)" : "") + "/" + (key ?? "") }
}
