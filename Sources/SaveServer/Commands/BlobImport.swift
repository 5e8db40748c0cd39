internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Publishes stored files that no record knows: what a database of yesterday has not heard of.
struct BlobImport {
    let metadata: any MetadataStore
    let blobs: any BlobStore
    /// Says what would happen, and publishes nothing.
    let isRehearsal: Bool
    /// The server's own limit for a file, in bytes.
    let limit: Int64?
    let publisher: Publisher
    let format: IsolatedFormat<any RepositoryFormat>
    let pool: BlockingPool

    /// - Parameters:
    ///   - report: takes a line for each file.
    ///   - onProgress: called before each file, after each piece of it, and at the end.
    /// - Throws: what stops everything: a store that does not answer, a format that cannot name files, a full disk.
    func run(
        _ report: (String) -> Void, onProgress: @escaping @Sendable (MaintenanceProgress) -> Void
    ) async throws -> DirectoryImport.Summary {
        guard let naming = format.cast({ $0 as? any ContentNaming }) else {
            throw SaveError.unsupported("files without their names")
        }
        var summary = DirectoryImport.Summary(isRehearsal: isRehearsal)
        let maintenance = Maintenance(metadata: metadata, blobs: blobs, log: .silent())
        var (count, size): (Int64, Int64) = (0, 0)
        try await maintenance.eachUnknownBlob { blob in
            count += 1
            size += blob.size
        }
        var progress = MaintenanceProgress(totalBlobs: count, totalBytes: size)
        try await maintenance.eachUnknownBlob { blob in
            let before = progress
            onProgress(before)
            try await take(blob, by: naming, &summary, report) { onProgress(before.adding(bytes: $0)) }
            progress.blobs += 1
            progress.bytes += blob.size
        }
        onProgress(progress)
        return summary
    }

    /// Publishes one blob, unless it is refused.
    private func take(
        _ blob: BlobInfo, by naming: IsolatedFormat<any ContentNaming>, _ summary: inout DirectoryImport.Summary,
        _ report: (String) -> Void, onRead: @escaping @Sendable (Int64) -> Void
    ) async throws {
        // Something of a file that was published before this one, such as its metadata.
        guard try await metadata.read({ try !$0.isReferenced(blob.digest) }) else { return }
        do {
            let stored = try await blobs.open(blob.digest)
            guard try await BlobCheck.read(blob.digest, in: blobs, pool: pool).problem == nil else {
                throw SaveError(.blobCorrupt, "its bytes are damaged")
            }
            let file = try await blobs.localFile(of: stored)
            guard let name = try await naming.ask(on: pool, { try $0.name(of: FileBytes(file), digest: blob.digest) }),
                let plan = try await naming.ask({ try $0.upload(importing: name) })
            else {
                summary.skipped += 1
                return report("skipped    \(blob.digest): nothing of this format")
            }
            let body = ByteStream(file, pool: pool).counted(onRead)
            let done = try await publish(HTTPRequest(method: .put, target: [], body: body), plan)
            switch done.outcome {
            case .created, .changed, .restored:
                summary.published += 1
                report("\(isRehearsal ? "would go in" : "published ") \(name) (\(blob.digest))")
            case .unchanged:
                summary.unchanged += 1
                report("unchanged  \(name) (\(blob.digest))")
            }
            for warning in done.warnings { report("warning    \(name): \(warning)") }
        } catch let error as SaveError where !DirectoryImport.stops(error) {
            summary.refused += 1
            report("refused    \(blob.digest): \(error.message)")
        }
    }

    private func publish(_ request: HTTPRequest, _ plan: UploadPlan) async throws -> Publisher.Report {
        guard !isRehearsal else { return try await publisher.rehearse(plan, request, limit: limit) }
        return try await publisher.publish(plan, request, limit: limit)
    }
}
