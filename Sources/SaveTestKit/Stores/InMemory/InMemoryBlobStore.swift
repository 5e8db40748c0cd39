package import SaveHTTP
package import SavePlatform
internal import Foundation
internal import SaveDigest
package import SaveStorage
internal import Synchronization

/// Blobs in memory, for tests and for authors of formats.
///
/// By itself it is a store without local files, as an object store is: what was deleted cannot be read any more, however long ago
/// it was opened.
package final class InMemoryBlobStore: BlobStore {
    private struct Entry {
        let bytes: [UInt8]
        var committed: Timestamp
    }

    private struct State {
        var blobs: [BlobDigest: Entry] = [:]
        var claims = BlobClaims()
    }

    private let state = Mutex(State())
    private let clock: PlatformClock

    private let hasFiles: Bool

    /// An empty store.
    ///
    /// - Parameter hasFiles: whether blobs are opened as local files.
    package init(hasFiles: Bool = false, clock: PlatformClock = .system) {
        self.hasFiles = hasFiles
        self.clock = clock
    }

    package func begin() async throws -> any BlobWriter { try InMemoryBlobWriter(self) }

    package func open(_ digest: BlobDigest) async throws -> Blob {
        let bytes = try bytes(of: digest)
        guard hasFiles else { return Blob(StoredBytes(size: Int64(bytes.count)) { [self] in try self.bytes(of: digest) }) }
        let file = try MemoryFile()
        try file.append(bytes)
        return Blob(try file.reader())
    }

    private func bytes(of digest: BlobDigest) throws -> [UInt8] {
        guard let entry = state.withLock({ $0.blobs[digest] }) else {
            throw SaveError(.assetNotFound, "there is no such stored file")
        }
        return entry.bytes
    }

    package func stat(_ digest: BlobDigest) async throws -> BlobInfo? {
        state.withLock { state in
            state.blobs[digest].map { BlobInfo(digest: digest, size: Int64($0.bytes.count), committed: $0.committed) }
        }
    }

    @discardableResult
    package func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        guard let mark = state.withLock({ $0.claims.mark(digest) }) else { return false }
        let answer: Result<Bool, any Error>
        do { answer = .success(try await isNeeded()) } catch { answer = .failure(error) }
        return try state.withLock { state in
            let stands = state.claims.takeMark(mark, of: digest)
            guard try !answer.get(), stands, let blob = state.blobs[digest], blob.committed < moment else { return false }
            state.blobs[digest] = nil
            return true
        }
    }

    package func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        let digests = state.withLock { Array($0.blobs.keys) }.sorted()
        let start = after?.hex ?? ""
        return Array(digests.filter { $0.hex > start }.prefix(max(0, limit)))
    }

    package func checkSpace(for byteCount: Int64?) async throws {}

    fileprivate func release(_ digest: BlobDigest) { state.withLock { $0.claims.release(digest) } }

    fileprivate func keep(_ bytes: [UInt8], as digest: BlobDigest) -> BlobInfo {
        state.withLock { state in
            state.claims.hold(digest)
            let now = clock.now()
            state.blobs[digest] = Entry(bytes: bytes, committed: now)
            return BlobInfo(digest: digest, size: Int64(bytes.count), committed: now)
        }
    }
}

/// Bytes that are looked up in the store at each read.
private struct StoredBytes: RemoteBlob {
    let size: Int64
    let bytes: @Sendable () throws -> [UInt8]
    private static let chunk = 65_536

    func stream(from offset: Int64, length: Int64) -> ByteStream {
        let rest = Rest(Int(offset)..<Int(offset + length))
        return ByteStream(length: length) {
            let piece = rest.take(Self.chunk)
            return piece.isEmpty ? nil : Array(try bytes()[piece])
        }
    }

    /// What of a part was not read yet.
    private final class Rest: Sendable {
        private let range: Mutex<Range<Int>>
        init(_ range: Range<Int>) { self.range = Mutex(range) }

        func take(_ count: Int) -> Range<Int> {
            range.withLock { range in
                let end = min(range.upperBound, range.lowerBound + count)
                defer { range = end..<range.upperBound }
                return range.lowerBound..<end
            }
        }
    }
}

private final class InMemoryBlobWriter: BlobWriter {
    private enum Phase { case writing, finished, committed, cancelled }
    private struct State {
        var phase = Phase.writing
        var bytes: [UInt8] = []
        var info: BlobInfo?
        var isHolding = false
    }

    private let store: InMemoryBlobStore
    private let file: MemoryFile
    private let state = Mutex(State())

    init(_ store: InMemoryBlobStore) throws {
        self.store = store
        file = try MemoryFile()
    }

    func write(_ bytes: [UInt8]) async throws {
        try state.withLock { state in
            guard state.phase == .writing else { throw Self.over }
            try file.append(bytes)
            state.bytes += bytes
        }
    }

    func reader() throws -> OpenFile { try file.reader() }

    func finish() async throws -> BlobInfo { try state.withLock { try Self.finish(&$0) } }

    private static func finish(_ state: inout State) throws -> BlobInfo {
        if let info = state.info { return info }
        guard state.phase == .writing else { throw over }
        let info = BlobInfo(
            digest: BlobDigest(of: state.bytes), size: Int64(state.bytes.count), committed: Timestamp(microseconds: 0))
        state.phase = .finished
        state.info = info
        return info
    }

    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
        try state.withLock { state in
            guard state.phase != .cancelled else { throw Self.over }
            let info = try Self.finish(&state)
            guard state.phase != .committed else { return info }
            if let expected, expected != info.digest {
                state.phase = .cancelled
                throw SaveError(
                    .digestMismatch, "the bytes do not have the digest that was announced: send them again, or correct the digest"
                )
            }
            let kept = store.keep(state.bytes, as: info.digest)
            state.info = kept
            state.phase = .committed
            state.isHolding = true
            return kept
        }
    }

    func cancel() async { end() }

    deinit { end() }

    private func end() {
        state.withLock { state in
            if state.isHolding, let info = state.info { store.release(info.digest) }
            state.isHolding = false
            guard state.phase != .committed else { return }
            state.phase = .cancelled
            state.info = nil
        }
    }

    private static let over = SaveError(.internalFailure, "this file was finished or given up already")
}

/// A file that has no name, in memory where the system's temporary folder is.
private struct MemoryFile: Sendable {
    private let file: OpenFile

    init() throws {
        let name = "/save-" + String(UInt64.random(in: .min ... .max), radix: 36)
        let path = FileManager.default.temporaryDirectory.path + name
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SaveError(.storageUnavailable, "a temporary file cannot be created: the server's log says why")
        }
        unlink(path)
        file = OpenFile(adopting: descriptor, size: 0)
    }

    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(file.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw SaveError(.storageFull, "a temporary file cannot be written") }
                rest = rest.dropFirst(count)
            }
        }
    }

    func reader() throws -> OpenFile {
        // A descriptor of its own, with a position of its own.
        let descriptor = open("/proc/self/fd/\(file.descriptor)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SaveError(.storageUnavailable, "a temporary file cannot be opened") }
        var facts = stat()
        let size = fstat(descriptor, &facts) == 0 ? Int64(facts.st_size) : 0
        return OpenFile(adopting: descriptor, size: size)
    }
}
