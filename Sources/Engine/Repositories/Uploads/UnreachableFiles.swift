package import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Removes files of hosted packages that nothing in their package refers to any more, for formats that can tell (`ReachabilityTracing`). Their bytes go
/// with the collection that follows.
package struct UnreachableFiles: Sendable {
    private let storage: RepositoryStorage
    private let catalogue: Catalogue

    package init(_ storage: RepositoryStorage, _ catalogue: Catalogue) {
        self.storage = storage
        self.catalogue = catalogue
    }

    /// Packages that are looked up together.
    private static let pageSize = 100
    /// Files that go in one transaction: others wait for it that want to write.
    private static let batchSize = 2000

    /// - Parameters:
    ///   - grace: seconds that a file stays for what will refer to it.
    ///   - isDry: counts only.
    /// - Returns: how many files went.
    package func remove(grace: Int64, isDry: Bool) async throws -> Int64 {
        let moment = storage.clock.now().adding(seconds: -max(0, grace))
        var count: Int64 = 0
        for repository in catalogue.current.repositories where repository.record.kind == .hosted {
            guard let format = repository.format.cast({ $0 as? any ReachabilityTracing }) else { continue }
            let id = repository.record.id
            var last: PackageID?
            while true {
                try Task.checkCancellation()
                let after = last
                let page = try await storage.store.read { try $0.packages(id, after: after, limit: Self.pageSize, matching: nil) }
                guard let end = page.last?.id else { break }
                last = end
                for package in page {
                    while true {
                        let (number, isLast) = try await remove(of: package.id, in: repository, format, before: moment, isDry)
                        count += number
                        if isLast { break }
                        try Task.checkCancellation()
                    }
                }
            }
        }
        return count
    }

    /// Removes a batch of a package's files.
    ///
    /// - Returns: how many, and whether no others are left.
    private func remove(
        of package: PackageID, in repository: Repository, _ format: IsolatedFormat<any ReachabilityTracing>,
        before moment: Timestamp,
        _ isDry: Bool
    ) async throws -> (number: Int64, isLast: Bool) {
        let (id, now) = (repository.record.id, storage.clock.now())
        return try await OptimisticLocking.change {
            let (rows, attributes, revision) = try await storage.store.read { reading in
                (
                    try reading.assets(id, package: package).filter { $0.record.sidecarOf == nil },
                    try reading.package(id, package)?.attributes ?? JSONObject(),
                    try PackageRevision(of: .content, in: package, id, reading)
                )
            }
            let listing = Listing(assets: rows.map(\.listed), attributes: attributes)
            var unreachable = Set(try await format.ask { $0.unreachable(in: listing) })
            let old = Listing(assets: rows.filter { $0.created < moment }.map(\.listed), attributes: attributes)
            // What makes a file superfluous may have come a moment ago: clients still ask for what was there before it.
            if !unreachable.isEmpty, old.assets.count < rows.count {
                unreachable.formIntersection(try await format.ask { $0.unreachable(in: old) })
            }
            let all = rows.filter { unreachable.contains($0.record.path) && $0.created < moment }.map(\.record.path)
            guard !all.isEmpty, !isDry else { return (Int64(all.count), true) }
            let gone = Array(all.prefix(Self.batchSize))
            let removed = try await storage.store.write { writing in
                try revision.check(in: writing)
                return try PackageEditor(repository: repository, mayDelete: true).carryOut(
                    PackageChange(removed: gone), in: package, writing, at: now, .system, as: "sweep", isRecorded: true)
            }
            storage.counters.invalidate(id, package: package, paths: removed ?? [])
            return (Int64(gone.count), removed == nil || gone.count == all.count)
        }
    }
}
