internal import Glibc
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// A blob on its way: a file in `tmp/` that its writer holds locked.
final class FileBlobWriter: BlobWriter {
    private enum Phase {
        case writing
        case finished(BlobInfo)
        case committed(BlobInfo)
        case failed
    }

    private struct State {
        var phase = Phase.writing
        let digest = StreamingDigest(.sha256)
        var unchecked = 0
        /// The blob that is kept from being removed until its record is written.
        var held: BlobDigest?
    }

    private let store: FileBlobStore
    private let name: String
    private let file: OpenFile
    /// Held by the one writer while it works, on a thread that may block.
    private let state = Mutex(State())
    private let written = Atomic<Int64>(0)
    /// Where the bytes are, once they may have left `tmp/`.
    private let published = Mutex<BlobDigest?>(nil)
    private static let checkedEvery = 8 << 20

    /// Creates the file. Blocks.
    init(_ store: FileBlobStore) throws {
        self.store = store
        name = String(UInt64.random(in: .min ... .max), radix: 16)
        file = try store.temporary.create(name)
        // Tells the cleaning process that this file has a living writer; a crash lets go of it.
        flock(file.descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
        state.withLock { state in end(&state) }
    }

    func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await store.pool.run { [self] in
            try state.withLock { state in
                guard case .writing = state.phase else { throw Self.over }
                do {
                    try append(bytes, &state)
                } catch {
                    remove(&state)
                    throw error
                }
            }
        }
    }

    private func append(_ bytes: [UInt8], _ state: inout State) throws {
        try store.beforeStep(.write)
        state.unchecked += bytes.count
        if state.unchecked >= Self.checkedEvery {
            try store.checkSpaceNow(for: nil)
            state.unchecked = 0
        }
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(file.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw FileFailure.current("a file cannot be written") }
                guard count > 0 else { throw FileFailure.error(EIO, "a file cannot be written") }
                rest = rest.dropFirst(count)
            }
        }
        state.digest.update(bytes)
        written.add(Int64(bytes.count), ordering: .releasing)
    }

    func reader() throws -> OpenFile {
        if let reader = try store.temporary.file(name) { return reader.descriptor }
        // Renamed between the two looks, or before; or cancelled.
        guard let digest = published.withLock({ $0 }) else {
            throw SaveError(.assetNotFound, "this upload was given up")
        }
        return try store.openNow(digest)
    }

    func finish() async throws -> BlobInfo { try state.withLock { state in try finish(&state) } }

    private func finish(_ state: inout State) throws -> BlobInfo {
        switch state.phase {
        case .writing:
            let info = BlobInfo(
                digest: BlobDigest(sha256: state.digest.finish()), size: written.load(ordering: .acquiring),
                committed: store.clock.now())
            state.phase = .finished(info)
            return info
        case .finished(let info), .committed(let info): return info
        case .failed: throw Self.over
        }
    }

    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
        try await store.pool.run(lasting: .long) { [self] in
            try state.withLock { state in
                let info = try finish(&state)
                if case .committed = state.phase { return info }
                do {
                    if state.held == nil {
                        store.hold(info.digest)
                        state.held = info.digest
                    }
                    let committed = try publish(info, expecting: expected)
                    state.phase = .committed(committed)
                    return committed
                } catch {
                    remove(&state)
                    throw error
                }
            }
        }
    }

    private func publish(_ info: BlobInfo, expecting expected: BlobDigest?) throws -> BlobInfo {
        if let expected, expected != info.digest {
            throw SaveError(
                .digestMismatch, "the bytes do not have the digest that was announced: send them again, or correct the digest")
        }
        try store.beforeStep(.syncFile)
        // Not tried again when it fails: the kernel may have dropped the pages and would then answer success
        // (postgresql.org/docs/current/runtime-config-error-handling.html, data_sync_retry).
        guard store.durability == .atEnd || DiskSync.file(file.descriptor) else {
            throw FileFailure.current("a file cannot be synced")
        }
        published.withLock { $0 = info.digest }
        let moment = try store.publish(name, file, as: info.digest)
        return BlobInfo(digest: info.digest, size: info.size, committed: moment)
    }

    func cancel() async {
        _ = try? await store.pool.run { [self] in state.withLock { state in end(&state) } }
    }

    private func end(_ state: inout State) {
        remove(&state)
        if case .committed = state.phase { release(&state) }
    }

    private func release(_ state: inout State) {
        if let held = state.held { store.release(held) }
        state.held = nil
    }

    /// Gives the temporary file up, if it is still there, and with it the blob that it did not become.
    private func remove(_ state: inout State) {
        switch state.phase {
        case .committed, .failed: return
        case .writing, .finished: break
        }
        state.phase = .failed
        unlinkat(store.temporary.descriptor, name, 0)
        release(&state)
    }

    private static let over = SaveError(.internalFailure, "this file was finished or given up already")
}
