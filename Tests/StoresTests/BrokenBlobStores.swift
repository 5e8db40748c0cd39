import Foundation
import SavePlatform
import SaveStorage
import SaveTestKit

/// A blob store that keeps the law but for what its closures change.
struct BrokenBlobStore: BlobStore {
    let base = InMemoryBlobStore()
    var fault: BrokenBlobWriter.Fault?
    var page: @Sendable ([BlobDigest]) -> [BlobDigest] = { $0 }
    var moment: @Sendable (Timestamp) -> Timestamp = { $0 }
    var absent: SaveError.Code = .assetNotFound
    var deletesNeeded = false
    /// What is wrong with the parts of a blob that are read.
    var part: BrokenParts.Fault?

    func begin() async throws -> any BlobWriter { BrokenBlobWriter(base: try await base.begin(), fault: fault, store: base) }
    func open(_ digest: BlobDigest) async throws -> Blob {
        do {
            let blob = try await base.open(digest)
            return part.map { Blob(BrokenParts(base: blob, fault: $0)) } ?? blob
        } catch let error as SaveError {
            throw SaveError(absent, error.message)
        }
    }
    func stat(_ digest: BlobDigest) async throws -> BlobInfo? { try await base.stat(digest) }
    func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        guard !deletesNeeded else { return try await base.delete(digest, committedBefore: self.moment(moment)) }
        return try await base.delete(digest, committedBefore: self.moment(moment), unless: isNeeded)
    }
    func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        page(try await base.digests(after: after, limit: limit))
    }
    func checkSpace(for byteCount: Int64?) async throws {}
}

/// Bytes of a blob with one fault.
struct BrokenParts: RemoteBlob {
    enum Fault {
        case ignoresOffset, readsOn, endsEarly, forgetsDeletion
        /// Every read ends so; with nil in the cancellation of the reader.
        case fails(SaveError.Code?)
    }

    let base: Blob
    let fault: Fault
    private static let pool = BlockingPool(name: "broken", threads: 1)
    var size: Int64 { base.size }

    func stream(from offset: Int64, length: Int64) -> ByteStream {
        let part =
            switch fault {
            case .ignoresOffset: base.stream(length: length, pool: Self.pool)
            case .readsOn: base.stream(from: offset, pool: Self.pool)
            case .endsEarly: base.stream(from: offset, length: length - 1, pool: Self.pool)
            case .forgetsDeletion, .fails: base.stream(from: offset, length: length, pool: Self.pool)
            }
        return ByteStream(length: length) {
            if case .fails(let code) = fault {
                if let code { throw SaveError(code, "a fault was injected") }
                withUnsafeCurrentTask { $0?.cancel() }
                throw CancellationError()
            }
            do { return try await part.next() } catch {
                guard case .forgetsDeletion = fault else { throw error }
                return nil
            }
        }
    }
}

/// A writer with one fault.
struct BrokenBlobWriter: BlobWriter {
    enum Fault {
        case dropsBytes, ignoresExpectation, commitsAtFinish, ignoresCancel, blindReader, skipsKnownBytes, letsGoAtCommit
    }

    let base: any BlobWriter
    let fault: Fault?
    let store: InMemoryBlobStore

    func write(_ bytes: [UInt8]) async throws { try await base.write(fault == .dropsBytes ? bytes.dropLast() : bytes) }
    func reader() throws -> OpenFile {
        let reader = try base.reader()
        // Takes a copy instead of looking at the file.
        return fault == .blindReader ? try copy(reader) : reader
    }
    func finish() async throws -> BlobInfo {
        fault == .commitsAtFinish ? try await base.commit(expecting: nil) : try await base.finish()
    }
    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
        if fault == .skipsKnownBytes, let known = try await store.stat(try await base.finish().digest) { return known }
        if fault == .ignoresExpectation, let expected {
            let info = try await base.commit(expecting: nil)
            guard info.digest == expected else { throw SaveError(.digestMismatch, "too late") }
            return info
        }
        let info = try await base.commit(expecting: expected)
        if fault == .letsGoAtCommit { await base.cancel() }
        return info
    }
    func cancel() async { if fault != .ignoresCancel { await base.cancel() } }

    private func copy(_ file: OpenFile) throws -> OpenFile {
        let folder = try TemporaryFolder()
        let path = folder.path + "/copy"
        try Data(try file.read(at: 0, count: 1 << 20)).write(to: URL(filePath: path))
        return OpenFile(adopting: Foundation.open(path, O_RDONLY), size: 0)
    }
}
