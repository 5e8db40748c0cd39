package import SavePlatform

/// Brings the bytes that records need from one blob store to another, for backups.
package struct BlobCopy: Sendable {
    /// What was done.
    package struct Report: Sendable, Equatable {
        /// Blobs that were brought over, and their bytes.
        package var copied: Int64 = 0
        package var copiedBytes: Int64 = 0
        /// Blobs that were there already.
        package var present: Int64 = 0
        /// Blobs that could not be brought over, because the source does not have them as their records say.
        package var problems: Int64 = 0
        /// Blobs that are gone and that nothing needs any more: their records are older than their collection.
        package var overtaken: Int64 = 0

        package init() {}

        /// Counts what an earlier run has copied, which this one found present.
        package mutating func add(_ earlier: Report) {
            copied += earlier.copied
            copiedBytes += earlier.copiedBytes
            present = max(0, present - earlier.copied)
        }
    }

    private let records: any MetadataStore
    private let source: any BlobStore
    private let target: any BlobStore
    private let trustsTarget: Bool
    private let pool: BlockingPool
    private static let pageSize = 200
    private static let chunk = 1 << 20

    /// - Parameters:
    ///   - records: say which blobs are needed.
    ///   - trustsTarget: whether a blob of the right size in the target is the right one; else it is read to find out.
    ///   - pool: where the source is read.
    package init(
        of records: any MetadataStore, from source: any BlobStore, to target: any BlobStore, trustsTarget: Bool = true,
        pool: BlockingPool
    ) {
        self.records = records
        self.source = source
        self.target = target
        self.trustsTarget = trustsTarget
        self.pool = pool
    }

    /// Copies what is missing. Every blob is digested on the way, and as durable as the target makes it.
    ///
    /// - Parameters:
    ///   - onProblem: called for each blob that is missing or damaged in the source; the rest is copied.
    ///   - onProgress: called after each piece of a blob and after each blob. Its bytes are those of blobs that were there, too.
    ///   - isNeeded: asked about a blob that the source does not have: whether that is a problem. A server at work collects what was
    ///     deleted since the records were read.
    /// - Throws: when the records cannot be read or the target cannot be written.
    package func run(
        onProblem: @Sendable (BlobDigest, SaveError) -> Void,
        onProgress: @Sendable (MaintenanceProgress) -> Void = { _ in },
        isNeeded: @Sendable (BlobDigest) async throws -> Bool = { _ in true }
    ) async throws -> Report {
        var report = Report()
        let needed = try await records.read { try $0.statistics() }
        var progress = MaintenanceProgress(totalBlobs: needed.referencedBlobs, totalBytes: needed.referencedBytes)
        var last: BlobDigest?
        while true {
            let after = last
            let page = try await records.read { try $0.referencedBlobs(after: after, limit: Self.pageSize) }
            guard let end = page.last else { return report }
            last = end
            for digest in page {
                try Task.checkCancellation()
                do {
                    let before = progress
                    let size = try await copy(digest, &report) { onProgress(before.adding(bytes: $0)) }
                    progress.bytes += size
                } catch let error as SaveError where Self.isAboutTheSource(error) {
                    if error.code == .assetNotFound, try await !isNeeded(digest) {
                        report.overtaken += 1
                        continue
                    }
                    report.problems += 1
                    onProblem(digest, error)
                }
                progress.blobs += 1
                onProgress(progress)
            }
        }
    }

    /// - Parameter onRead: told how many bytes were read so far.
    /// - Returns: the blob's size.
    private func copy(_ digest: BlobDigest, _ report: inout Report, onRead: (Int64) -> Void) async throws -> Int64 {
        let blob = try await source.open(digest)
        if try await isPresent(digest, size: blob.size) {
            report.present += 1
            return blob.size
        }
        let writer = try await target.begin()
        do {
            var size: Int64 = 0
            let stream = blob.stream(pool: pool, chunk: Self.chunk)
            while let bytes = try await Self.next(of: stream) {
                try await writer.write(bytes)
                size += Int64(bytes.count)
                onRead(size)
            }
            _ = try await writer.commit(expecting: digest)
            report.copied += 1
            report.copiedBytes += size
            return size
        } catch {
            await writer.cancel()
            throw error
        }
    }

    private func isPresent(_ digest: BlobDigest, size: Int64) async throws -> Bool {
        guard let there = try await target.stat(digest), there.size == size else { return false }
        if trustsTarget { return true }
        return try await BlobCheck.read(digest, in: target, pool: pool).problem == nil
    }

    /// A disk that does not hand out one file's bytes says nothing about the others.
    private static func next(of stream: ByteStream) async throws -> [UInt8]? {
        do {
            return try await stream.next()
        } catch {
            try Task.checkCancellation()
            throw SaveError(.blobCorrupt, "a stored file cannot be read: the server's log says why", underlying: error)
        }
    }

    private static func isAboutTheSource(_ error: SaveError) -> Bool {
        [.assetNotFound, .blobCorrupt, .digestMismatch].contains(error.code)
    }
}
