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
                for package in page { count += try await remove(of: package.id, in: repository, format, before: moment, isDry) }
            }
        }
        return count
    }

    private func remove(
        of package: PackageID, in repository: Repository, _ format: IsolatedFormat<any ReachabilityTracing>,
        before moment: Timestamp,
        _ isDry: Bool
    ) async throws -> Int64 {
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
            let unreachable = Set(try await format.ask { $0.unreachable(in: listing) })
            let gone = rows.filter { unreachable.contains($0.record.path) && $0.created < moment }.map(\.record.path)
            guard !gone.isEmpty, !isDry else { return Int64(gone.count) }
            let removed = try await storage.store.write { writing in
                try revision.check(in: writing)
                return try PackageEditor(repository: repository, mayDelete: true).carryOut(
                    PackageChange(removed: gone), in: package, writing, at: now, .system, as: "sweep", isRecorded: true)
            }
            storage.counters.invalidate(id, package: package, paths: removed ?? [])
            return Int64(gone.count)
        }
    }
}
