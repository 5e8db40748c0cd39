package import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// Upkeep of the two stores together: removes bytes that no record needs, and checks that every record has its bytes.
package struct Maintenance: Sendable {
    private let metadata: any MetadataStore
    private let blobs: any BlobStore
    private let clock: PlatformClock
    private let log: Log
    /// Blobs looked at together: few enough not to hold up others.
    private static let pageSize = 200

    package init(metadata: any MetadataStore, blobs: any BlobStore, clock: PlatformClock = .system, log: Log) {
        self.metadata = metadata
        self.blobs = blobs
        self.clock = clock
        self.log = log
    }
}

// MARK: - Garbage

extension Maintenance {
    /// Removes blobs that no record needs and that were last committed before the grace period.
    ///
    /// An upload makes its blob durable before its record. Its writer holds the blob meanwhile, and the store removes nothing
    /// that is held or was taken hold of while it asked the records: whatever the grace, no upload loses its bytes.
    ///
    /// - Parameter grace: seconds.
    /// - Parameter dryRun: counts only.
    package func collectGarbage(
        grace: Int64, dryRun: Bool, onProgress: @Sendable (MaintenanceProgress) -> Void = { _ in }
    ) async throws -> GCReport {
        let moment = clock.now().adding(seconds: -max(0, grace))
        var report = GCReport()
        var last: BlobDigest?
        while true {
            try Task.checkCancellation()
            let page = try await blobs.digests(after: last, limit: Self.pageSize)
            guard let end = page.last else { break }
            last = end
            var candidates: [BlobInfo] = []
            for digest in page {
                guard let info = try await blobs.stat(digest) else { continue }
                report.blobs += 1
                report.blobBytes += info.size
                candidates.append(info)
            }
            let unneeded = try await metadata.read { [candidates] reading in
                try candidates.filter { try !reading.isReferenced($0.digest) }
            }
            let old = unneeded.filter { $0.committed < moment }
            report.keptYoung += Int64(unneeded.count - old.count)
            let removed = dryRun ? old : try await remove(old, before: moment)
            report.removed += Int64(removed.count)
            report.removedBytes += removed.reduce(0) { $0 + $1.size }
            // How many there are shows when all were looked at.
            onProgress(MaintenanceProgress(blobs: report.blobs, bytes: report.blobBytes))
        }
        log(
            .info, "garbage collected",
            ["removed": "\(report.removed)", "bytes": "\(report.removedBytes)", "dry_run": "\(dryRun)"])
        return report
    }

    /// Counts what all blobs take, and what for.
    ///
    /// - Parameter grace: as for `collectGarbage`.
    package func measure(grace: Int64) async throws -> StorageCensus.Sizes {
        let moment = clock.now().adding(seconds: -max(0, grace))
        var sizes = StorageCensus.Sizes()
        var last: BlobDigest?
        while true {
            try Task.checkCancellation()
            let page = try await blobs.digests(after: last, limit: Self.pageSize)
            guard let end = page.last else { return sizes }
            last = end
            var infos: [BlobInfo] = []
            for digest in page {
                if let info = try await blobs.stat(digest) { infos.append(info) }
            }
            sizes = try await metadata.read { [infos, sizes] reading in
                var sizes = sizes
                for info in infos {
                    sizes.physical += info.size
                    if try reading.isReferencedByFile(info.digest) {
                        sizes.referenced += info.size
                    } else if try reading.isReferenced(info.digest) {
                        sizes.cachedIndexes += info.size
                    } else if info.committed < moment {
                        sizes.reclaimable += info.size
                    }
                }
                return sizes
            }
        }
    }

    private func remove(_ old: [BlobInfo], before moment: Timestamp) async throws -> [BlobInfo] {
        var removed: [BlobInfo] = []
        for info in old {
            let isRemoved = try await blobs.delete(info.digest, committedBefore: moment) {
                // A read sees what is committed and durable: a deletion of the record that is about to fail does not count.
                try await metadata.read { try $0.isReferenced(info.digest) }
            }
            if isRemoved { removed.append(info) }
        }
        return removed
    }
}

// MARK: - Blobs without records

extension Maintenance {
    /// Goes through the blobs that no record needs: what was deleted and not collected yet, or what a database that was put back has
    /// not heard of. There may be millions of them; a page of them is in memory at a time.
    ///
    /// - Parameters:
    ///   - onLooked: called with how many blobs were looked at so far, at the start and after each page of them.
    ///   - use: called with each, in the order of their digests. What it publishes does not disturb the walk.
    package func eachUnknownBlob(
        onLooked: @Sendable (Int64) -> Void = { _ in }, _ use: (BlobInfo) async throws -> Void
    ) async throws {
        var last: BlobDigest?
        var looked: Int64 = 0
        onLooked(looked)
        while true {
            try Task.checkCancellation()
            let page = try await blobs.digests(after: last, limit: Self.pageSize)
            guard let end = page.last else { return }
            last = end
            let unneeded = try await metadata.read { reading in try page.filter { try !reading.isReferenced($0) } }
            for digest in unneeded { if let info = try await blobs.stat(digest) { try await use(info) } }
            looked += Int64(page.count)
            onLooked(looked)
        }
    }
}

// MARK: - Verification

extension Maintenance {
    /// Reads every blob that records need and compares digest and size. Goes on after each problem.
    ///
    /// - Parameter repair: forgets cached records with bad bytes, so that the next request fetches them again. What
    ///   someone uploaded is reported and left alone.
    /// - Parameter onProblem: called for each record with bad bytes.
    /// - Parameter onUnknown: called for each blob that no record knows. It is no problem: what is deleted waits for its
    ///   collection, and so does what a database that was put back has not heard of.
    /// - Parameter onProgress: called after each piece of a blob and after each blob, then with each page of the blobs that are looked
    ///   up in the records.
    /// - Throws: only when the records themselves cannot be read.
    package func verify(
        repair: Bool, onProblem: @Sendable (VerifyProblem) -> Void = { _ in },
        onUnknown: @Sendable (BlobInfo) -> Void = { _ in },
        onProgress: @Sendable (MaintenanceProgress) -> Void = { _ in }
    ) async throws -> VerifyReport {
        let pool = BlockingPool(name: "verify", threads: 1)
        defer { pool.stop() }
        var report = VerifyReport()
        let needed = try await metadata.read { try $0.statistics() }
        var progress = MaintenanceProgress(totalBlobs: needed.referencedBlobs, totalBytes: needed.referencedBytes)
        var last: BlobDigest?
        while true {
            let after = last
            let page = try await metadata.read { try $0.referencedBlobs(after: after, limit: Self.pageSize) }
            guard let end = page.last else { break }
            last = end
            for digest in page {
                try Task.checkCancellation()
                let before = progress
                let read = Atomic<Int64>(0)
                var (kind, size) = try await BlobCheck.read(digest, in: blobs, pool: pool) { count in
                    onProgress(before.adding(bytes: read.add(Int64(count), ordering: .relaxed).newValue))
                }
                // A server that goes on may have stored the bytes again meanwhile.
                if kind == .missing || kind == .corrupt {
                    (kind, size) = try await BlobCheck.read(digest, in: blobs, pool: pool)
                }
                report.blobs += 1
                report.bytes += size
                for problem in try await problems(digest, kind, size, repair: repair) {
                    report.problems += 1
                    report.repaired += problem.isRepaired ? 1 : 0
                    log(
                        .error, "stored bytes are \(problem.kind.rawValue)",
                        ["sha256": digest.hex, "repository": "\(problem.repository)", "name": problem.name])
                    onProblem(problem)
                }
                progress.blobs = report.blobs
                progress.bytes = report.bytes
                onProgress(progress)
            }
        }
        let files = progress
        try await eachUnknownBlob(onLooked: { onProgress(files.entering(.unknownFiles, done: $0)) }) { blob in
            report.unknown += 1
            report.unknownBytes += blob.size
            onUnknown(blob)
        }
        return report
    }

    /// The records that suffer from a blob's state, mended where that is asked for and possible.
    private func problems(
        _ digest: BlobDigest, _ kind: VerifyProblem.Kind?, _ size: Int64, repair: Bool
    ) async throws -> [VerifyProblem] {
        let (assets, indexes) = try await metadata.read { try $0.references(to: digest) }
        guard kind != nil || assets.contains(where: { $0.size != size }) else { return [] }
        let repositories = try await metadata.read { try $0.repositories() }
        let names = Dictionary(repositories.map { ($0.id, $0.coordinates) }) { first, _ in first }
        var problems: [VerifyProblem] = []
        for asset in assets {
            guard let kind = kind ?? (asset.size == size ? nil : .corrupt) else { continue }
            let isHosted = asset.uploadedBy != nil
            // A disk that fails now may answer later: nothing is forgotten for that.
            let mend = repair && !isHosted && kind != .unreadable
            let isRepaired = mend ? try await forget(asset) : false
            problems.append(
                VerifyProblem(
                    kind: kind, digest: digest, repository: asset.repository, coordinates: names[asset.repository] ?? "",
                    name: asset.record.path.text, isHosted: isHosted,
                    isRepaired: isRepaired))
        }
        for index in indexes {
            guard let kind else { break }
            let isRepaired = repair && kind != .unreadable ? try await forget(index) : false
            problems.append(
                VerifyProblem(
                    kind: kind, digest: digest, repository: index.repository, coordinates: names[index.repository] ?? "",
                    name: index.key, isHosted: false,
                    isRepaired: isRepaired))
        }
        return problems
    }

    private func forget(_ asset: StoredAsset) async throws -> Bool {
        try await metadata.write { writing in
            // Another request may have fetched it since it was looked at.
            guard try writing.asset(asset.repository, asset.record.path) == asset else { return false }
            return try writing.deleteAsset(asset.repository, asset.record.path)
        }
    }

    private func forget(_ index: CachedIndex) async throws -> Bool {
        try await metadata.write { writing in
            guard try writing.cachedIndex(index.repository, index.key) == index else { return false }
            try writing.deleteCachedIndexes(index.repository, key: index.key)
            return true
        }
    }
}
