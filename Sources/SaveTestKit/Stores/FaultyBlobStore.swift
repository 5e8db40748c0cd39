package import SavePlatform
package import SaveStorage
internal import Synchronization

/// Counts operations and fails one of them. Shared by the faulty stores, so that a test goes through every step in turn.
package final class FaultCounter: Sendable {
    private let failing: Int
    private let code: SaveError.Code
    private let count = Mutex(0)

    /// - Parameter failing: the number of the operation to fail, from 1.
    package init(failing: Int, code: SaveError.Code = .storageUnavailable) {
        self.failing = failing
        self.code = code
    }

    /// Whether as many operations were begun as it takes to fail one.
    package var hasFailed: Bool { count.withLock { $0 >= failing } }

    /// Counts an operation.
    ///
    /// - Throws: when it is the one to fail.
    package func step() throws {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number == failing { throw SaveError(code, "a fault was injected") }
    }
}

/// A blob store whose n-th operation fails, writes of its writers included.
package final class FaultyBlobStore: BlobStore {
    private let base: any BlobStore
    package let faults: FaultCounter

    package init(_ base: any BlobStore, failing: Int, code: SaveError.Code = .storageUnavailable) {
        self.base = base
        faults = FaultCounter(failing: failing, code: code)
    }

    /// A store that shares its count with others.
    package init(_ base: any BlobStore, faults: FaultCounter) {
        self.base = base
        self.faults = faults
    }

    package func begin() async throws -> any BlobWriter {
        try faults.step()
        return FaultyBlobWriter(base: try await base.begin(), faults: faults)
    }

    package func open(_ digest: BlobDigest) async throws -> Blob {
        try faults.step()
        return try await base.open(digest)
    }

    package func stat(_ digest: BlobDigest) async throws -> BlobInfo? {
        try faults.step()
        return try await base.stat(digest)
    }

    @discardableResult
    package func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        try faults.step()
        return try await base.delete(digest, committedBefore: moment, unless: isNeeded)
    }

    package func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        try faults.step()
        return try await base.digests(after: after, limit: limit)
    }

    package func checkSpace(for byteCount: Int64?) async throws {
        try faults.step()
        try await base.checkSpace(for: byteCount)
    }
}

private struct FaultyBlobWriter: BlobWriter {
    let base: any BlobWriter
    let faults: FaultCounter

    func write(_ bytes: [UInt8]) async throws {
        try faults.step()
        try await base.write(bytes)
    }

    func reader() throws -> OpenFile {
        try faults.step()
        return try base.reader()
    }

    func finish() async throws -> BlobInfo { try await base.finish() }

    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
        try faults.step()
        return try await base.commit(expecting: expected)
    }

    func cancel() async { await base.cancel() }
}
