internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Files whose records are there, and their bytes not.
extension Publisher {
    /// Stores those of a submission's bytes again that are gone or damaged: a record says that they were here once, and only
    /// they themselves say that they are.
    ///
    /// - Parameter submission: with nothing new in it.
    /// - Returns: whether any were stored.
    func restore(
        _ submission: Submission, _ staging: BlobStaging, by authority: ChangeAuthority, context: AuditContext
    ) async throws -> Bool {
        let id = repository.record.id
        var lost: [Submission.Item] = []
        for item in submission.items {
            let (path, digest) = (item.record.path, item.staged.digest)
            // A copy is of the very bytes that would be looked at, and has none to store in their place.
            if staging.isStored(item.staged) { continue }
            // A sidecar that was made of the same file by another version may be another.
            guard try await services.storage.store.read({ try $0.asset(id, path) })?.blob == digest else { continue }
            let (problem, size) = try await BlobCheck.read(digest, in: services.storage.blobs, pool: services.storage.pool)
            if problem != nil || size != item.staged.size { lost.append(item) }
        }
        guard !lost.isEmpty else { return false }
        for item in lost { try await staging.commit(item.staged) }
        let now = services.clock.now()
        let (restored, coordinates) = (lost, repository.record.coordinates)
        try await services.storage.store.write { writing in
            _ = try authority.confirm()
            for item in restored { try writing.record(Self.event("file.restore", item, coordinates), context, at: now) }
        }
        services.storage.log(
            .warning, "lost bytes were uploaded again",
            ["repository": coordinates, "files": restored.map(\.record.path.text).joined(separator: ", ")])
        services.storage.counters.invalidate(id, package: submission.package?.id, paths: restored.map(\.record.path))
        return true
    }
}
