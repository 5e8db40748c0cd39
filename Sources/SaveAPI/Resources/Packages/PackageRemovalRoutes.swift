internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Deleting packages, versions and files.
enum PackageRemovalRoutes {
    private static let package = "/repos/{project}/{name}/packages/{package}"
    private static let version = package + "/versions/{version}"

    /// What a proxy cached can be dropped; it is fetched again. A group holds nothing.
    private static let cached: [RepositoryKind] = [.hosted, .proxy]

    static let all: [APIRoute] = [
        APIRoute(
            .delete, package, .repository(.delete), "Delete a package", status: 204,
            kinds: cached, failures: [.conflict, .preconditionFailed], action: "package.delete"
        ) {
            call, repository in
            try await remove(call, repository, missing: noPackage) { _ in true }
        },
        APIRoute(
            .delete, version, .repository(.delete), "Delete a version", status: 204,
            kinds: cached, failures: [.conflict, .preconditionFailed], action: "package.delete_version"
        ) {
            call, repository in
            try await remove(call, repository, missing: PackageRoutes.noVersion) {
                PackageRoutes.isVersion($0, call["version"])
            }
        },
        APIRoute(
            .delete, version + "/files/{filename}", .repository(.delete), "Delete a file", status: 204,
            kinds: cached, failures: [.conflict, .preconditionFailed], action: "file.delete"
        ) { call, repository in
            let missing = SaveError(.assetNotFound, "there is no such file: check the name")
            return try await remove(call, repository, missing: missing) {
                PackageRoutes.isVersion($0, call["version"])
                    && $0.record.path.filename.utf8.elementsEqual(call["filename"].utf8)
            }
        },
    ]

    static let noPackage = SaveError(.packageNotFound, "there is no such package: check the name")

    private static func remove(
        _ call: APICall, _ repository: Repository, missing: SaveError, where fits: @escaping @Sendable (StoredAsset) -> Bool
    ) async throws -> HTTPResponse {
        let id = repository.record.id
        let changed = try await OptimisticLocking.change {
            let decided = try await decide(call, repository) { try find(call, id, missing, fits, $0) }
            return try await call.change { writing, now in
                var (record, all, doomed) = try find(call, id, missing, fits, writing)
                if let decided {
                    try decided.revision.check(in: writing)
                    record.attributes = decided.attributes
                    record.updated = later(now, than: record.updated)
                    try writing.put(record)
                }
                for asset in doomed {
                    try writing.remove(asset, from: repository, by: call.principal.auditName, at: now)
                }
                if doomed.count == all.count { try writing.deletePackage(id, record.id) }
                let details: JSONObject = [
                    "package": .string(record.id.name), "count": .integer(Int64(doomed.count)),
                    "files": .array(doomed.prefix(100).map { .string($0.record.path.filename) }),
                    "digests": .array(doomed.prefix(100).map { .string($0.blob.hex) }),
                ]
                return (record.id, [call.event(resource(call, repository, record.id), details)])
            }
        }
        call.context.operations.contentChanged(in: id, package: changed)
        return APICall.noContent
    }

    private typealias Found = (record: PackageRecord, all: [StoredAsset], doomed: [StoredAsset])

    /// The package that a request names, its files, and those of them that are to go.
    private static func find(
        _ call: APICall, _ id: Int64, _ missing: SaveError, _ fits: (StoredAsset) -> Bool, _ reading: any MetadataReading
    ) throws -> Found {
        guard let record = try PackageContents.find(call["package"], id, reading) else { throw noPackage }
        let all = try reading.assets(id, package: record.id).filter { $0.record.sidecarOf == nil }
        let doomed = all.filter(fits)
        guard !doomed.isEmpty || call.route.pattern.text == package else { throw missing }
        try call.requireMatch(tag(call, record, all))
        return (record, all, doomed)
    }

    /// The package's attributes afterwards, and what they were decided by, where the format has a say in it.
    private static func decide(
        _ call: APICall, _ repository: Repository, _ find: @escaping @Sendable (any MetadataReading) throws -> Found
    ) async throws -> (attributes: JSONObject, revision: PackageRevision)? {
        guard repository.record.kind == .hosted, let format = repository.format.cast({ $0 as? any ReachabilityTracing }) else {
            return nil
        }
        let id = repository.record.id
        let (found, revision) = try await call.context.store.read { reading in
            let found = try find(reading)
            return (found, try PackageRevision(of: .content, in: found.record.id, id, reading))
        }
        let listing = Listing(assets: found.all.map(\.record), attributes: found.record.attributes)
        let paths = found.doomed.map(\.record.path)
        return (try await format.ask { try $0.attributes(of: listing, without: paths) }, revision)
    }

    /// The tag of what the path names, or of the version that the file it names is in.
    private static func tag(_ call: APICall, _ record: PackageRecord, _ files: [StoredAsset]) -> String {
        guard let version = call.arguments["version"] else { return entityTag(of: PackageRepresentation.package(record, files)) }
        let files = files.filter { PackageRoutes.isVersion($0, version) }
        return entityTag(of: PackageRepresentation.version(version, of: record, files))
    }

    /// `backend/pypi-hosted/name[/version[/file]]`
    static func resource(_ call: APICall, _ repository: Repository, _ id: PackageID) -> String {
        let rest = ["version", "filename"].compactMap { call.arguments[$0] }
        return ([repository.record.coordinates, id.name] + rest).joined(separator: "/")
    }
}
