internal import SaveDigest
internal import Synchronization

/// An upload's files before they are published: on disk, invisible, gone without a trace unless committed.
final class BlobStaging: UploadStaging {
    private let blobs: any BlobStore
    private let pool: BlockingPool
    private let maxFileSize: Int64?
    private let writers = Mutex<[any BlobWriter]>([])
    /// So much is written at once. A body comes in pieces of a network buffer; the kernel keeps what it gets in one piece in
    /// one piece, and sends it faster.
    private static let piece = 1 << 20

    init(blobs: any BlobStore, pool: BlockingPool, maxFileSize: Int64?) {
        self.blobs = blobs
        self.pool = pool
        self.maxFileSize = maxFileSize
    }

    func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile {
        let writer = try await blobs.begin()
        let id = writers.withLock { writers in
            writers.append(writer)
            return writers.count - 1
        }
        let digests = algorithms.filter { $0 != .sha256 }.map { StreamingDigest($0) }
        var size: Int64 = 0
        var gathered: [UInt8] = []
        for try await chunk in body {
            size += Int64(chunk.count)
            if let maxFileSize, size > maxFileSize {
                throw SaveError(.tooLarge, "the file is larger than the \(maxFileSize) bytes this repository takes")
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
        var checksums = [Checksum(.sha256, hex: info.digest.hex)].compactMap(\.self)
        checksums += digests.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        return StagedFile(
            id: id, size: info.size, digest: info.digest, checksums: checksums, file: try writer.reader(), pool: pool)
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
