public import SaveDigest

/// An upload as it arrives.
public struct UploadRequest: Sendable {
    /// What `route` made of the request.
    public let plan: UploadPlan
    /// The whole `Content-Type` field.
    public let contentType: String?
    /// What was sent, as it arrives; of an upload in several requests all of it. To be read once.
    public let body: ByteStream
    /// The largest file this repository takes, in bytes; staging enforces it as well.
    public let maxFileSize: Int64?

    package init(plan: UploadPlan, contentType: String?, body: ByteStream, maxFileSize: Int64? = nil) {
        self.plan = plan
        self.contentType = contentType
        self.body = body
        self.maxFileSize = maxFileSize
    }
}

/// Where an upload's files go while it is read: written to disk, digested, invisible to everyone.
public protocol UploadStaging: Sendable {
    /// Writes a stream to a new staged file, computing SHA-256 and the other digests on the way.
    ///
    /// - Throws: `tooLarge` past the repository's limit, `storageFull`, `storageUnavailable`, and what the stream throws.
    func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile
}

/// A file that is staged.
public struct StagedFile: Sendable {
    /// Names the file within this upload.
    public let id: Int
    /// Bytes.
    public let size: Int64
    /// The SHA-256 of its bytes, which names them in the blob store.
    public let digest: BlobDigest
    /// SHA-256 and what else was asked for.
    public let checksums: [Checksum]
    /// The bytes, for readers of archives. They block: call them through `inspect`.
    public let file: OpenFile
    /// nil where the code that reads the file may block.
    private var pool: BlockingPool?

    package init(id: Int, size: Int64, digest: BlobDigest, checksums: [Checksum], file: OpenFile, pool: BlockingPool) {
        self.id = id
        self.size = size
        self.digest = digest
        self.checksums = checksums
        self.file = file
        self.pool = pool
    }

    /// Runs code that reads the file on a thread that may block.
    public func inspect<Value: Sendable>(_ body: @escaping @Sendable (OpenFile) throws -> Value) async throws -> Value {
        let file = file
        guard let pool else { return try body(file) }
        return try await pool.run { try body(file) }
    }

    /// The same file for code that runs on threads that may block.
    package var inspectedInPlace: StagedFile {
        var copy = self
        copy.pool = nil
        return copy
    }
}

/// What an upload turned out to contain. The platform stores all of it, or none.
public struct Submission: Sendable {
    /// A file with its record.
    public struct Item: Sendable {
        /// What to record; size and SHA-256 are taken from the staged file.
        public var record: AssetRecord
        /// The bytes, as `UploadStaging` gave them back.
        public var staged: StagedFile
        /// Of a sidecar: what the record of its file says of it, in the file's attributes.
        public var announcement: JSONObject
        /// Identities (`AssetRecord.identity`) of files that cannot be in a package together with this one.
        public var rivals: [String]
        /// Whether the file takes the place of other bytes at its path, which nobody then has to be allowed to delete: because it may change
        /// under its name (`PathDescribing.mayChange`).
        package var replaces = false
        /// Of a sidecar that was put together with the one that is stored (`SidecarCombining`): the bytes that it takes the place of.
        package var replaced: BlobDigest?

        public init(record: AssetRecord, staged: StagedFile, announcement: JSONObject = [:], rivals: [String] = []) {
            self.record = record
            self.staged = staged
            self.announcement = announcement
            self.rivals = rivals
        }
    }

    /// The files, sidecars among them.
    public var items: [Item]
    /// The package the items belong to, with its name as the publisher writes it.
    public var package: PackageSummary?
    /// What the publisher should know of what was taken all the same, a sentence each, for people.
    public var warnings: [String] = []
    /// What the client is answered when all of it is done, where its protocol has words for that; nil for the platform's. The
    /// status is the plan's. At most 1 MiB, and not in pieces.
    public var answer: Document?
    /// Digests that files of the repository must have, for clients that send them after their files. Files that are not there, and other
    /// digests, are refused.
    public var expected: [AssetPath: Checksum] = [:]
    /// What the change is called in the audit trail, where the plan does not say it already (`UploadPlan.action`).
    public var action: String?
    /// What else changes in the package, with the items already in its listing; nil for nothing.
    ///
    /// - Throws: `notFound`, `invalidRequest`, `conflict`; then nothing of the submission is stored.
    public var change: (@Sendable (Listing) throws -> PackageChange)?

    public init(
        items: [Item], package: PackageSummary? = nil, change: (@Sendable (Listing) throws -> PackageChange)? = nil
    ) {
        self.items = items
        self.package = package
        self.change = change
    }
}
