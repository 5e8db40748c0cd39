internal import SaveAccess
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

extension Publisher {
    /// So many files go at once: one transaction holds up everybody else's.
    private static let maxFiles = 20_000

    /// Removes every file below a directory, all of them or none, with one audit record.
    ///
    /// - Parameters:
    ///   - directory: nil for all files of the repository.
    ///   - authority: by what right; asked for again in the transaction.
    /// - Throws: `assetNotFound` where there is none, `invalidRequest` where there are too many, and what `ChangeAuthority` throws.
    package func deleteAll(under directory: AssetPath?, by authority: ChangeAuthority, context: AuditContext) async throws {
        let (id, coordinates, now) = (repository.record.id, repository.record.coordinates, services.clock.now())
        let place = directory.map { "\($0)/" } ?? ""
        let (paths, packages) = try await services.storage.store.write { writing -> ([AssetPath], Set<PackageID>) in
            let repository = try authority.confirm().repository
            let assets = try writing.assets(id, under: place, after: nil, limit: Self.maxFiles + 1)
            guard !assets.isEmpty else {
                throw SaveError(.assetNotFound, "there is no file below '\(place)' in \(coordinates): check the path")
            }
            guard assets.count <= Self.maxFiles else {
                throw SaveError(
                    .invalidRequest,
                    "there are more than \(Self.maxFiles) files below '\(place)': delete the directories in it one by one")
            }
            for asset in assets { try writing.remove(asset, from: repository, by: context.principal.auditName, at: now) }
            let packages = Set(assets.compactMap(\.record.package))
            for package in packages where try writing.assets(id, package: package).allSatisfy({ $0.record.sidecarOf != nil }) {
                try writing.deletePackage(id, package)
            }
            let size = assets.reduce(Int64(0)) { $0.addingReportingOverflow($1.size).partialValue }
            let details: JSONObject = [
                "count": .integer(Int64(assets.count)), "size": .integer(size),
                "files": .array(assets.prefix(100).map { .string($0.record.path.text) }),
            ]
            try writing.record(AuditEvent("file.delete", "file", "\(coordinates)/\(place)", details: details), context, at: now)
            return (assets.map(\.record.path), packages)
        }
        services.storage.counters.invalidate(id, package: nil, paths: paths)
        for package in packages { services.storage.counters.invalidate(id, package: package, paths: []) }
    }
}
