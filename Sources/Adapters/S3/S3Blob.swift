internal import SaveBlobs
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// A stored file that is in the bucket. Where it has come into the cache since it was opened, it is read there.
struct S3Blob: RemoteBlob {
    let digest: BlobDigest
    let size: Int64
    let store: S3BlobStore
    /// Whether copies on the local disk are read and made.
    let usesCache: Bool

    func stream(from offset: Int64, length: Int64) -> ByteStream {
        let source = Opened()
        return ByteStream(length: length) {
            if let next = source.next { return try await next() }
            let next = await pull(from: offset, length: length)
            source.next = next
            return try await next()
        }
    }

    private func pull(from offset: Int64, length: Int64) async -> @Sendable () async throws -> [UInt8]? {
        if usesCache, let file = await store.cache.open(digest) {
            let stream = ByteStream(file, from: offset, length: length, pool: store.pool)
            return { try await stream.next() }
        }
        let objects = ObjectStream(store.client, key: store.key(of: digest), from: offset, length: length, size: size)
        guard offset == 0, length == size else { return { try await objects.next() } }
        // A copy that cannot be written does not keep anybody from the file.
        let copy = usesCache && store.cache.takes(size) ? try? await store.cache.files.begin() : nil
        let writer = Copy(copy)
        let verified = VerifiedStream(
            objects, digest, pool: store.pool, onPiece: { await writer.write($0) },
            onEnd: { [digest, size, store] isSound in
                guard let whole = writer.take() else { return }
                if isSound { await store.cache.keep(whole, as: digest, size: size) } else { await whole.cancel() }
            })
        return { try await verified.next() }
    }
}

/// Where a part is read, once its first byte was asked for.
private final class Opened: Sendable {
    private let pull = Mutex<(@Sendable () async throws -> [UInt8]?)?>(nil)

    var next: (@Sendable () async throws -> [UInt8]?)? {
        get { pull.withLock { $0 } }
        set { pull.withLock { $0 = newValue } }
    }
}

/// A copy while it is made. It ends without a trace where its reader leaves, or where the disk takes no more.
private final class Copy: Sendable {
    private let writer: Mutex<(any BlobWriter)?>

    init(_ writer: (any BlobWriter)?) { self.writer = Mutex(writer) }

    func write(_ bytes: [UInt8]) async {
        guard let writer = writer.withLock({ $0 }) else { return }
        do { try await writer.write(bytes) } catch {
            await writer.cancel()
            self.writer.withLock { $0 = nil }
        }
    }

    func take() -> (any BlobWriter)? { writer.withLock { $0.take() } }
}
