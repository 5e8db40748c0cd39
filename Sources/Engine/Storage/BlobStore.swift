package import SavePlatform

/// Immutable bytes by SHA-256. Names, versions and formats are unknown here.
///
/// `SaveTestKit.BlobStoreConformance` checks what the comments promise.
package protocol BlobStore: Sendable {
    /// Starts a new blob. Nothing is visible until it is committed.
    func begin() async throws -> any BlobWriter

    /// The bytes of a blob: a local file where the store has one, else what reads them from where they are.
    ///
    /// - Throws: `assetNotFound` when there is none, `blobCorrupt` when what is stored has another size than when it was
    ///   committed and the store knows that, `storageUnavailable` when the disk does not answer.
    func open(_ digest: BlobDigest) async throws -> Blob

    /// The facts of a blob; nil when there is none. Errors are errors.
    func stat(_ digest: BlobDigest) async throws -> BlobInfo?

    /// Removes a blob that was last committed before a moment and that nothing needs. Removing what is absent is success.
    ///
    /// Excludes `commit`: a blob that a writer holds stays, and so does one that a writer takes hold of while this runs.
    /// - Parameter isNeeded: whether a record needs the blob, as of the moment it is asked. Not asked where the answer is clear.
    /// - Returns: whether a blob was removed.
    @discardableResult
    func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool

    /// Digests in order, after one, at most `limit`.
    func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest]

    /// Refuses when the disk is below its reserve. Asked before a body is read.
    ///
    /// - Throws: `storageFull`.
    func checkSpace(for byteCount: Int64?) async throws
}

extension BlobStore {
    /// Removes a blob that was last committed before a moment and that nobody holds, whatever records say.
    @discardableResult
    package func delete(_ digest: BlobDigest, committedBefore moment: Timestamp) async throws -> Bool {
        try await delete(digest, committedBefore: moment) { false }
    }
}

/// The facts of a blob.
package struct BlobInfo: Sendable, Hashable {
    package let digest: BlobDigest
    package let size: Int64
    /// When the same bytes were last committed.
    package let committed: Timestamp

    package init(digest: BlobDigest, size: Int64, committed: Timestamp) {
        self.digest = digest
        self.size = size
        self.committed = committed
    }
}

/// A blob while it is written. One writer; any number of readers of what is written so far.
///
/// What is not committed is in a local file, wherever the store keeps blobs: uploads are inspected, and an upstream's files read by
/// clients, while they arrive.
package protocol BlobWriter: Sendable {
    /// Appends bytes and adds them to the digest.
    ///
    /// - Throws: `storageFull`, `storageUnavailable`. After a throw only `cancel` is useful.
    func write(_ bytes: [UInt8]) async throws

    /// A reader of what is written so far; valid after commit and cancel, too.
    func reader() throws -> OpenFile

    /// The digest and size of what is written. Nothing may be written afterwards.
    func finish() async throws -> BlobInfo

    /// Makes the blob durable and visible: data synced, renamed, directory synced. Calls `finish` if nobody did.
    ///
    /// From before this until `cancel`, or until the writer is gone, nothing removes the blob: the time for its record to be
    /// written, however long that takes.
    /// - Throws: `digestMismatch` when `expected` is another digest; then nothing becomes visible.
    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo

    /// Ends the writer. Leaves nothing behind of what is not committed, and lets go of what is.
    func cancel() async
}

extension BlobWriter {
    /// Commits, and writes the record that needs the blob while the writer holds it.
    ///
    /// - Throws: what `commit` and `record` throw; the writer has ended, in any case.
    package func commit<Value>(
        expecting expected: BlobDigest?, recording record: (BlobInfo) async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await record(try await commit(expecting: expected))
            await cancel()
            return value
        } catch {
            await cancel()
            throw error
        }
    }
}
