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
    let format: Supervised<any RepositoryFormat>
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
        let unknown = try await Maintenance(metadata: metadata, blobs: blobs, log: .silent()).unknownBlobs()
        var progress = MaintenanceProgress(totalBlobs: Int64(unknown.count), totalBytes: unknown.reduce(0) { $0 + $1.size })
        for blob in unknown {
            let before = progress
            onProgress(before)
            defer {
                progress.blobs += 1
                progress.bytes += blob.size
            }
            // Something of a file that was published before this one, such as its metadata.
            guard try await metadata.read({ try !$0.isReferenced(blob.digest) }) else { continue }
            do {
                let file = try await blobs.open(blob.digest)
                guard try await BlobCheck.read(blob.digest, in: blobs, pool: pool).problem == nil else {
                    throw SaveError(.blobCorrupt, "its bytes are damaged")
                }
                guard let name = try await naming.ask(on: pool, { try $0.name(of: FileBytes(file), digest: blob.digest) }),
                    let plan = try await naming.ask({ try $0.upload(importing: name) })
                else {
                    summary.skipped += 1
                    report("skipped    \(blob.digest): nothing of this format")
                    continue
                }
                let body = ByteStream(file, pool: pool).counted { onProgress(before.adding(bytes: $0)) }
                let request = HTTPRequest(method: .put, target: [], body: body)
                let done = try await publish(request, plan)
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
        onProgress(progress)
        return summary
    }

    private func publish(_ request: HTTPRequest, _ plan: UploadPlan) async throws -> Publisher.Report {
        guard !isRehearsal else { return try await publisher.rehearse(plan, request, limit: limit) }
        return try await publisher.upload(plan, request, by: publisher.operating, limit: limit, context: .system)
    }
}
