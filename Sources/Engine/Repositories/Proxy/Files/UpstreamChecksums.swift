internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What an upstream says in files of their own of the digests of files that no index describes.
struct UpstreamChecksums: Sendable {
    private let context: UpstreamContext

    /// Bytes: the longest digest, the file's name, and what servers put around them.
    private static let maxBytes: Int64 = 64 << 10

    init(_ context: UpstreamContext) { self.context = context }

    /// The digest of a file by the first of its checksum files that there is; none where there is none.
    ///
    /// - Throws: what the client throws, `upstreamInvalid` where the repository takes no file without a digest, and `upstreamUnavailable`: a file is kept for good, so it is not taken unchecked because the
    ///   upstream failed for a moment.
    func known(of record: AssetRecord) async throws -> [Checksum] {
        guard record.checksums.isEmpty, let describing = context.describing else { return [] }
        let path = record.path
        for file in try await describing.ask({ $0.checksumFiles(of: path) }) {
            if let checksum = try await read(file.path, file.algorithm) { return [checksum] }
        }
        guard try await describing.ask({ $0.requiresChecksums }) else { return [] }
        throw SaveError(
            .upstreamInvalid,
            "the upstream has no digest of '\(path.filename)', and the proxy takes no file without: have an owner change the proxy's setting 'checksums'"
        )
    }

    private func read(_ path: AssetPath, _ algorithm: DigestAlgorithm) async throws -> Checksum? {
        var request = try await UpstreamFile(context).request(for: AssetRecord(path: path), method: .get)
        request.maxSize = Self.maxBytes
        let response = try await context.client.send(request)
        if context.settings.meansMissing(response.status) { return nil }
        guard response.status == 200 else {
            throw SaveError(
                .upstreamUnavailable, "the upstream answered \(response.status) for '\(path.filename)': ask again")
        }
        return Self.checksum(in: try await response.body.collect(limit: Int(Self.maxBytes)), algorithm)
    }

    /// The first word that is such a digest: some tools write the file's name beside it, and some write it before. nil for a text
    /// that has none, such as the page of a portal.
    static func checksum(in text: [UInt8], _ algorithm: DigestAlgorithm) -> Checksum? {
        text.split { $0 <= 0x20 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "*") }.lazy.prefix(8)
            .compactMap { Checksum(algorithm, hex: String(decoding: $0, as: UTF8.self)) }.first
    }
}
