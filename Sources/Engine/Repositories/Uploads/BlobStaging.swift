internal import SaveDigest
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// An upload's files before they are published: on disk, invisible, gone without a trace unless committed.
final class BlobStaging: UploadStaging {
    private let blobs: any BlobStore
    private let pool: BlockingPool
    private let maxFileSize: Int64?
    /// By which algorithms the client says what its file is.
    private let claimed: [DigestAlgorithm]
    /// A file that is stored already and stands for the body, which is then not read.
    let copied: CopiedFile?
    private let places = Mutex<[Place]>([])
    /// The digests by these algorithms of each file that is staged, by its id.
    private let digestsOfClaims = Mutex<[Int: [Checksum]]>([:])
    /// So much is written at once. A body comes in pieces of a network buffer; the kernel keeps what it gets in one piece in
    /// one piece, and sends it faster.
    private static let piece = 1 << 20

    /// Where the bytes of a staged file are.
    private enum Place {
        /// In a file of this upload.
        case own(any BlobWriter)
        /// In that of the session that it ends, which stays with the session.
        case session(any BlobWriter)
        /// Among the blobs.
        case stored
    }

    init(
        blobs: any BlobStore, pool: BlockingPool, maxFileSize: Int64?, claimed: [DigestAlgorithm] = [], copied: CopiedFile? = nil
    ) {
        self.copied = copied
        self.blobs = blobs
        self.pool = pool
        self.maxFileSize = maxFileSize
        self.claimed = claimed
    }

    func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile {
        if let bytes = body.source as? SessionBytes, let writer = bytes.take() {
            let info = try await writer.finish()
            return try await staged(
                .session(writer), info.digest, size: info.size, file: try writer.reader(), known: [], computing: algorithms)
        }
        if let copied, body.source === copied {
            return try await staged(
                .stored, copied.asset.blob, size: copied.blob.size, file: try await blobs.localFile(of: copied.blob),
                known: copied.asset.record.checksums, computing: algorithms)
        }
        let writer = try await blobs.begin()
        let id = place(.own(writer))
        let digests = Set(algorithms + claimed).filter { $0 != .sha256 }.map { StreamingDigest($0) }
        var size: Int64 = 0
        var gathered: [UInt8] = []
        for try await chunk in body {
            size += Int64(chunk.count)
            try checkSize(size)
            for digest in digests { digest.update(chunk) }
            gathered += chunk
            if gathered.count >= Self.piece {
                try await writer.write(gathered)
                gathered.removeAll(keepingCapacity: true)
            }
        }
        try await writer.write(gathered)
        let info = try await writer.finish()
        let all = digests.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        return staged(id, info.digest, size: info.size, file: try writer.reader(), all, asked: algorithms)
    }

    /// A file whose bytes are here already. They are read only for digests that nobody knows yet.
    private func staged(
        _ place: Place, _ digest: BlobDigest, size: Int64, file: OpenFile, known: [Checksum],
        computing algorithms: [DigestAlgorithm]
    ) async throws -> StagedFile {
        try checkSize(size)
        let id = self.place(place)
        let missing = Set(algorithms + claimed).filter { $0 != .sha256 && known[$0] == nil }.map { StreamingDigest($0) }
        if !missing.isEmpty {
            for try await chunk in ByteStream(file, pool: pool) {
                for digest in missing { digest.update(chunk) }
            }
        }
        let all =
            known.filter { $0.algorithm != .sha256 } + missing.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        return staged(id, digest, size: size, file: file, all, asked: algorithms)
    }

    /// - Parameter others: the digests beside SHA-256.
    private func staged(
        _ id: Int, _ digest: BlobDigest, size: Int64, file: OpenFile, _ others: [Checksum], asked algorithms: [DigestAlgorithm]
    ) -> StagedFile {
        let all = [Checksum(.sha256, hex: digest.hex)].compactMap(\.self) + others
        if !claimed.isEmpty { digestsOfClaims.withLock { $0[id] = all } }
        // What the format asked for, in its order: what a client claims does not change what is recorded.
        let checksums = ([.sha256] + algorithms.filter { $0 != .sha256 }).compactMap { all[$0] }
        return StagedFile(id: id, size: size, digest: digest, checksums: checksums, file: file, pool: pool)
    }

    private func place(_ place: Place) -> Int {
        places.withLock { places in
            places.append(place)
            return places.count - 1
        }
    }

    private func checkSize(_ size: Int64) throws {
        guard let maxFileSize, size > maxFileSize else { return }
        throw SaveError(
            .tooLarge,
            "the file is larger than the \(maxFileSize) bytes this repository takes: have an owner raise max_file_size")
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

    /// Whether a staged file's bytes are among the blobs, and nowhere else.
    func isStored(_ file: StagedFile) -> Bool {
        places.withLock { places in
            if file.id < places.count, case .stored = places[file.id] { true } else { false }
        }
    }

    /// Makes a staged file a durable blob.
    func commit(_ file: StagedFile) async throws {
        switch places.withLock({ file.id < $0.count ? $0[file.id] : nil }) {
        case .own(let writer), .session(let writer): _ = try await writer.commit(expecting: file.digest)
        // The transaction that records it looks whether it still is.
        case .stored: break
        case nil: throw SaveError(.internalFailure, "the format submitted a file that it did not stage")
        }
    }

    /// Removes what is not committed, and lets go of what is: its records are written, or will not be.
    func discard() async {
        for place in places.withLock({ $0 }) {
            if case .own(let writer) = place { await writer.cancel() }
        }
    }
}

/// The bytes of a session, in the file that they were written to as they came.
final class SessionBytes: Sendable {
    private enum Use { case none, stream, file }

    private let writer: any BlobWriter
    private let use = Mutex(Use.none)

    init(_ writer: any BlobWriter) { self.writer = writer }

    /// Whether the file was taken, and gets no more bytes.
    var isTaken: Bool { use.withLock { $0 == .file } }

    /// The file, for a consumer that takes it in place of the stream; nil once either was used.
    func take() -> (any BlobWriter)? {
        use.withLock { use in
            guard use == .none else { return nil }
            use = .file
            return writer
        }
    }

    /// The bytes as a stream, which has this as its source.
    func stream(pool: BlockingPool) throws -> ByteStream {
        let bytes = ByteStream(try writer.reader(), pool: pool)
        return ByteStream(
            ByteStream(length: bytes.length) { [self] in
                use.withLock { if $0 == .none { $0 = .stream } }
                return try await bytes.next()
            }, keptIn: self)
    }
}

/// A file of a repository that another repository, or the same one, is to have as well.
package final class CopiedFile: Sendable {
    let asset: StoredAsset
    let blob: Blob
    /// `backend/images/team/app/…`: where it is, for the audit trail. Nobody downloads it, and yet it gets about.
    let place: String

    /// - Parameter coordinates: of its repository.
    package init(_ asset: StoredAsset, _ blob: Blob, in coordinates: String) {
        self.asset = asset
        self.blob = blob
        place = "\(coordinates)/\(asset.record.path)"
    }

    /// What stands for a body.
    func stream(pool: BlockingPool) -> ByteStream { ByteStream(blob.stream(pool: pool), keptIn: self) }

    /// - Throws: `conflict` where the file has gone meanwhile, and its bytes perhaps with it.
    func confirm(in reading: any MetadataReading) throws {
        guard try reading.asset(asset.repository, asset.record.path)?.blob != asset.blob else { return }
        throw SaveError(.conflict, "the file that was to be copied has gone meanwhile: send its bytes")
    }
}
