/// Immutable bytes by SHA-256. Names, versions and formats are unknown here.
///
/// `SaveTestKit.BlobStoreConformance` checks what the comments promise.
public protocol BlobStore: Sendable {
    /// Starts a new blob. Nothing is visible until it is committed.
    func begin() async throws -> any BlobWriter

    /// The bytes of a blob.
    ///
    /// - Throws: `assetNotFound` when there is none, `blobCorrupt` when what is stored has another size than when it was
    ///   committed and the store knows that, `storageUnavailable` when the disk does not answer.
    func open(_ digest: BlobDigest) async throws -> OpenFile

    /// The facts of a blob; nil when there is none. Errors are errors.
    func stat(_ digest: BlobDigest) async throws -> BlobInfo?

    /// Removes a blob that was last committed before a moment. Removing what is absent is success.
    ///
    /// Atomic against `commit`: bytes that are committed again while this runs stay.
    /// - Returns: whether a blob was removed.
    @discardableResult
    func delete(_ digest: BlobDigest, committedBefore moment: Timestamp) async throws -> Bool

    /// Digests in order, after one, at most `limit`.
    func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest]

    /// Refuses when the disk is below its reserve. Asked before a body is read.
    ///
    /// - Throws: `storageFull`.
    func checkSpace(for byteCount: Int64?) async throws
}

/// The facts of a blob.
public struct BlobInfo: Sendable, Hashable {
    public let digest: BlobDigest
    public let size: Int64
    /// When the same bytes were last committed.
    public let committed: Timestamp

    public init(digest: BlobDigest, size: Int64, committed: Timestamp) {
        self.digest = digest
        self.size = size
        self.committed = committed
    }
}

/// A blob while it is written. One writer; any number of readers of what is written so far.
public protocol BlobWriter: Sendable {
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
    /// - Throws: `digestMismatch` when `expected` is another digest; then nothing becomes visible.
    func commit(expecting expected: BlobDigest?) async throws -> BlobInfo

    /// Leaves nothing behind. Does nothing after a commit, so it may stand in a `defer`-like place.
    func cancel() async
}
