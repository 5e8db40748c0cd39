internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Sidecars that come for files which have one of the kind.
extension Publisher {
    /// Sidecars that are read to be put together, in bytes: what describes a file is small.
    private static let maxSidecarBytes = 16 << 20

    /// The submission, with each sidecar of a file that is here already put together with the one that is kept of it.
    ///
    /// - Throws: what the format and the stores throw.
    func combining(_ submission: Submission, _ staging: BlobStaging) async throws -> Submission {
        guard let format = repository.format.cast({ $0 as? any SidecarCombining }) else { return submission }
        var submission = submission
        let files = Dictionary(
            submission.items.map { ($0.record.path, $0.staged.digest) }
        ) { first, _ in first }
        var known: Set<AssetPath> = []
        for (place, item) in submission.items.enumerated() {
            guard let file = item.record.sidecarOf, let kept = try await kept(item.record.path, of: file, with: files[file]),
                kept != item.staged.digest
            else { continue }
            submission.items[place].replaced = kept
            // Where its bytes are lost, what came takes its place.
            guard let stored = try await bytes(of: kept, for: item.record.path) else { continue }
            let new = try await item.staged.inspect { try $0.read(at: 0, count: Int(clamping: $0.size)) }
            guard
                let combined = try await format.ask(
                    on: services.storage.pool, { try $0.combined(stored, with: new, in: item.record) })
            else {
                known.insert(item.record.path)
                continue
            }
            let staged = try await staging.stage(ByteStream(combined.bytes), computing: [.sha256])
            submission.items[place].staged = staged
            submission.items[place].record.size = staged.size
            submission.items[place].record.checksums = staged.checksums
            submission.items[place].announcement = combined.announcement
        }
        submission.items.removeAll { known.contains($0.record.path) }
        return submission
    }

    /// The sidecar that is kept at a path, where its file is the one that came.
    private func kept(_ path: AssetPath, of file: AssetPath, with digest: BlobDigest?) async throws -> BlobDigest? {
        let id = repository.record.id
        return try await services.storage.store.read { reading in
            guard let digest, try reading.asset(id, file)?.blob == digest else { return nil }
            return try reading.asset(id, path)?.blob
        }
    }

    /// nil where they are lost or damaged for good.
    ///
    /// - Throws: `storageUnavailable` where they cannot be read at the moment: they may be whole.
    private func bytes(of digest: BlobDigest, for path: AssetPath) async throws -> [UInt8]? {
        switch try await BlobCheck.read(digest, in: services.storage.blobs, pool: services.storage.pool).problem {
        case nil: break
        case .unreadable:
            throw SaveError(
                .storageUnavailable, "what describes this file cannot be read at the moment: send it again",
                details: ["retry_after": "10"])
        case let problem?:
            services.storage.log(
                .warning, "what describes a file is lost and is replaced by what came",
                ["file": path.text, "problem": "\(problem)"])
            return nil
        }
        return try await services.storage.blobs.open(digest).stream(pool: services.storage.pool).collect(
            limit: Self.maxSidecarBytes)
    }
}
