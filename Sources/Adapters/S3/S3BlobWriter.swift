internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// A file on its way to a bucket: on the local disk until it is committed, then put.
final class S3BlobWriter: BlobWriter {
    private struct State {
        /// Set by the commit.
        var committed: BlobInfo?
        /// The blob that is kept from being removed until its record is written.
        var held: BlobDigest?
        /// The bytes, once the local file may be gone.
        var file: OpenFile?
    }

    private let store: S3BlobStore
    private let local: any BlobWriter
    private let state = Mutex(State())

    init(_ store: S3BlobStore, _ local: any BlobWriter) {
        self.store = store
        self.local = local
    }

    deinit { release() }

    func write(_ bytes: [UInt8]) async throws { try await local.write(bytes) }

    func reader() throws -> OpenFile { try state.withLock { $0.file } ?? local.reader() }

    func finish() async throws -> BlobInfo {
        if let committed = state.withLock({ $0.committed }) { return committed }
        return try await local.finish()
    }

    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
        if let committed = state.withLock({ $0.committed }) { return committed }
        let info = try await local.finish()
        do {
            if let expected, expected != info.digest {
                throw SaveError(
                    .digestMismatch,
                    "the bytes do not have the digest that was announced: send them again, or correct the digest")
            }
            let file = try local.reader()
            let isNew = state.withLock { state in
                state.file = file
                defer { state.held = info.digest }
                return state.held == nil
            }
            if isNew { store.hold(info.digest) }
            let committed = try await store.put(file, info.digest, size: info.size)
            state.withLock { $0.committed = committed }
            await store.cache.keep(local, as: info.digest, size: info.size)
            return committed
        } catch {
            await local.cancel()
            release()
            throw error
        }
    }

    func cancel() async {
        if state.withLock({ $0.committed }) == nil { await local.cancel() }
        release()
    }

    private func release() {
        let held = state.withLock { $0.held.take() }
        if let held { store.release(held) }
    }
}
