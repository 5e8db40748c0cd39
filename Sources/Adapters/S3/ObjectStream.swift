internal import SaveDigest
internal import SavePlatform
internal import Synchronization

/// The bytes of an object from one place to another. Where a connection is lost on the way, the rest is asked for once more.
final class ObjectStream: Sendable {
    private struct State {
        var offset: Int64
        var body: ByteStream?
        /// Attempts since the last byte.
        var attempts = 0
    }

    private let client: S3Client
    private let key: String
    private let end: Int64
    private let size: Int64
    /// One consumer, which waits for a piece before it asks for the next.
    private let state: Mutex<State>

    /// - Parameter size: of the whole object.
    init(_ client: S3Client, key: String, from offset: Int64, length: Int64, size: Int64) {
        self.client = client
        self.key = key
        self.size = size
        end = offset + length
        state = Mutex(State(offset: offset))
    }

    /// The next bytes; nil when all have come.
    ///
    /// - Throws: `assetNotFound` when there is no such object, `storageUnavailable`.
    func next() async throws -> [UInt8]? {
        while true {
            let (offset, open) = state.withLock { ($0.offset, $0.body) }
            let rest = end - offset
            guard rest > 0 else { return nil }
            let failure: any Error
            do {
                let body: ByteStream
                if let open {
                    body = open
                } else {
                    guard let found = try await client.bytes(of: key, from: offset, length: rest, size: size) else {
                        throw SaveError(.assetNotFound, "there is no such stored file")
                    }
                    body = found
                }
                if let piece = try await body.next() {
                    let taken = Int64(piece.count) > rest ? Array(piece.prefix(Int(rest))) : piece
                    state.withLock { state in
                        state.offset += Int64(taken.count)
                        state.body = body
                        state.attempts = 0
                    }
                    return taken
                }
                // The announced length was kept, and it was too short.
                failure = SaveError(.upstreamUnavailable, "the object store ended its answer too early")
            } catch let error as SaveError where error.code == .upstreamUnavailable || error.code == .upstreamInvalid {
                failure = error
            }
            let attempt = state.withLock { state in
                state.body = nil
                state.attempts += 1
                return state.attempts
            }
            guard attempt < client.configuration.attempts else { throw S3Client.unreachable(failure) }
            try await client.pause(after: attempt)
        }
    }
}

/// A whole object, compared with its digest on the way. Its last piece is held back until that is done: wrong bytes never come to an
/// end.
final class VerifiedStream: Sendable {
    private let source: ObjectStream
    private let digest: BlobDigest
    private let pool: BlockingPool
    private let progress: Mutex<Progress>
    /// Gets each piece, and at the end whether it is the right one.
    private let onPiece: @Sendable ([UInt8]) async -> Void
    private let onEnd: @Sendable (_ isSound: Bool) async -> Void

    private struct Progress {
        let sha256 = StreamingDigest(.sha256)
        var held: [UInt8]?
        var isOver = false
    }

    init(
        _ source: ObjectStream, _ digest: BlobDigest, pool: BlockingPool, onPiece: @escaping @Sendable ([UInt8]) async -> Void,
        onEnd: @escaping @Sendable (_ isSound: Bool) async -> Void
    ) {
        self.source = source
        self.digest = digest
        self.pool = pool
        self.onPiece = onPiece
        self.onEnd = onEnd
        progress = Mutex(Progress())
    }

    /// The next bytes; nil when all have come.
    ///
    /// - Throws: `blobCorrupt` in place of the last bytes, where they are not those of the digest.
    func next() async throws -> [UInt8]? {
        while !progress.withLock({ $0.isOver }) {
            guard let piece = try await source.next() else { return try await end() }
            try await pool.run { [self] in progress.withLock { $0.sha256.update(piece) } }
            await onPiece(piece)
            let before = progress.withLock { progress in
                defer { progress.held = piece }
                return progress.held
            }
            if let before { return before }
        }
        return nil
    }

    private func end() async throws -> [UInt8]? {
        let (found, last) = progress.withLock { progress in
            progress.isOver = true
            return (BlobDigest(sha256: progress.sha256.finish()), progress.held)
        }
        await onEnd(found == digest)
        guard found == digest else {
            throw SaveError(
                .blobCorrupt, "the object store gave other bytes than were stored: the server's log says of which file")
        }
        return last
    }
}
