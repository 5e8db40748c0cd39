internal import SaveDigest
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// An upload's files before they are published: on disk, invisible, gone without a trace unless committed.
final class BlobStaging: UploadStaging {
    private let blobs: any BlobStore
    private let pool: BlockingPool
    private let maxFileSize: Int64?
    /// By which algorithms the client says what its file is.
    private let claimed: [DigestAlgorithm]
    private let writers = Mutex<[any BlobWriter]>([])
    /// The digests by these algorithms of each file that is staged, by its id.
    private let digestsOfClaims = Mutex<[Int: [Checksum]]>([:])
    /// So much is written at once. A body comes in pieces of a network buffer; the kernel keeps what it gets in one piece in
    /// one piece, and sends it faster.
    private static let piece = 1 << 20

    init(blobs: any BlobStore, pool: BlockingPool, maxFileSize: Int64?, claimed: [DigestAlgorithm] = []) {
        self.blobs = blobs
        self.pool = pool
        self.maxFileSize = maxFileSize
        self.claimed = claimed
    }

    func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile {
        let writer = try await blobs.begin()
        let id = writers.withLock { writers in
            writers.append(writer)
            return writers.count - 1
        }
        let digests = Set(algorithms + claimed).filter { $0 != .sha256 }.map { StreamingDigest($0) }
        var size: Int64 = 0
        var gathered: [UInt8] = []
        for try await chunk in body {
            size += Int64(chunk.count)
            if let maxFileSize, size > maxFileSize {
                throw SaveError(
                    .tooLarge,
                    "the file is larger than the \(maxFileSize) bytes this repository takes: have an owner raise max_file_size")
            }
            for digest in digests { digest.update(chunk) }
            gathered += chunk
            if gathered.count >= Self.piece {
                try await writer.write(gathered)
                gathered.removeAll(keepingCapacity: true)
            }
        }
        try await writer.write(gathered)
        let info = try await writer.finish()
        let all =
            [Checksum(.sha256, hex: info.digest.hex)].compactMap(\.self)
            + digests.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        if !claimed.isEmpty { digestsOfClaims.withLock { $0[id] = all } }
        // What the format asked for, in its order: what a client claims does not change what is recorded.
        let checksums = ([.sha256] + algorithms.filter { $0 != .sha256 }).compactMap { all[$0] }
        return StagedFile(
            id: id, size: info.size, digest: info.digest, checksums: checksums, file: try writer.reader(), pool: pool)
    }

    /// Checks what the client says of its file.
    ///
    /// - Throws: `digestMismatch`; `invalidRequest` where there is no file.
    func check(_ items: [Submission.Item], _ claims: ClaimedDigests) throws {
        guard let claim = claims.file.first else { return }
        let files = items.filter { $0.record.sidecarOf == nil }
        guard !files.isEmpty else { throw SaveError.invalid(claim.field, "\(claim.field): there is no file in this request") }
        for file in files {
            try claims.check(file: digestsOfClaims.withLock { $0[file.staged.id] } ?? [])
        }
    }

    /// Makes a staged file a durable blob.
    func commit(_ file: StagedFile) async throws {
        let writer = writers.withLock { file.id < $0.count ? $0[file.id] : nil }
        guard let writer else { throw SaveError(.internalFailure, "the format submitted a file that it did not stage") }
        _ = try await writer.commit(expecting: file.digest)
    }

    /// Removes what is not committed, and lets go of what is: its records are written, or will not be.
    func discard() async {
        for writer in writers.withLock({ $0 }) { await writer.cancel() }
    }
}
