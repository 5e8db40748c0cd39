internal import SavePlatform

/// Deleting packages, versions and files, and yanking versions.
enum PackageRemovalRoutes {
    private static let package = "/repos/{project}/{name}/packages/{package}"
    private static let version = package + "/versions/{version}"

    static let all: [APIRoute] = [
        APIRoute(.delete, package, .repository(.delete), "Delete a package", status: 204, action: "package.delete") {
            call, repository in
            try await remove(call, repository, missing: noPackage) { _ in true }
        },
        APIRoute(.delete, version, .repository(.delete), "Delete a version", status: 204, action: "package.delete_version") {
            call, repository in
            try await remove(call, repository, missing: PackageRoutes.noVersion) {
                PackageRoutes.isVersion($0, call["version"])
            }
        },
        APIRoute(
            .delete, version + "/files/{filename}", .repository(.delete), "Delete a file", status: 204, action: "file.delete"
        ) { call, repository in
            let missing = SaveError(.assetNotFound, "there is no such file")
            return try await remove(call, repository, missing: missing) {
                PackageRoutes.isVersion($0, call["version"])
                    && $0.record.path.filename.utf8.elementsEqual(call["filename"].utf8)
            }
        },
        APIRoute(
            .put, version + "/yank", .repository(.delete), "Yank a version: still there for who asks for exactly it",
            body: ObjectRule(name: "Yank", fields: [FieldRule("reason", .text(max: 4096), "Why, for those who use it.")]),
            status: 204, action: "package.yank"
        ) { call, repository in
            try await withdraw(call, repository, Withdrawal(reason: call.body["reason"]?.string ?? ""))
        },
        APIRoute(
            .delete, version + "/yank", .repository(.delete), "Offer a yanked version again", status: 204,
            action: "package.unyank"
        ) { call, repository in try await withdraw(call, repository, nil) },
    ]

    private static let noPackage = SaveError(.packageNotFound, "there is no such package")

    private static func remove(
        _ call: APICall, _ repository: Repository, missing: SaveError, where fits: @escaping @Sendable (StoredAsset) -> Bool
    ) async throws -> HTTPResponse {
        // What a proxy cached can be dropped; it is fetched again. A group holds nothing.
        try require([.hosted, .proxy], repository, allow: "GET, HEAD, OPTIONS")
        let id = repository.record.id
        let changed = try await call.change { writing, _ in
            guard let record = try PackageContents.find(call["package"], id, writing) else { throw noPackage }
            let all = try writing.assets(id, package: record.id).filter { $0.record.sidecarOf == nil }
            let doomed = all.filter(fits)
            let isWhole = doomed.count == all.count
            guard !doomed.isEmpty || call.route.pattern.text == package else { throw missing }
            for asset in doomed { _ = try writing.deleteAsset(id, asset.record.path) }
            if isWhole { try writing.deletePackage(id, record.id) }
            let details: JSONObject = [
                "package": .string(record.id.name), "count": .integer(Int64(doomed.count)),
                "files": .array(doomed.prefix(100).map { .string($0.record.path.filename) }),
                "digests": .array(doomed.prefix(100).map { .string($0.blob.hex) }),
            ]
            return (record.id, [call.event(resource(call, repository, record.id), details)])
        }
        await call.context.operations.contentChanged(in: id, package: changed)
        return APICall.noContent
    }

    private static func withdraw(
        _ call: APICall, _ repository: Repository, _ withdrawal: Withdrawal?
    ) async throws -> HTTPResponse {
        try require([.hosted], repository, allow: "OPTIONS")
        let id = repository.record.id
        let changed = try await call.change { writing, now in
            guard var record = try PackageContents.find(call["package"], id, writing) else { throw noPackage }
            let files = try writing.assets(id, package: record.id).filter {
                $0.record.sidecarOf == nil && PackageRoutes.isVersion($0, call["version"])
            }
            guard !files.isEmpty else { throw PackageRoutes.noVersion }
            for var file in files {
                file.record.withdrawn = withdrawal
                try writing.put(file)
            }
            record.updated = later(now, than: record.updated)
            try writing.put(record)
            let details: JSONObject = [
                "reason": JSONValue(withdrawal?.reason), "files": .integer(Int64(files.count)),
            ]
            return (record.id, [call.event(resource(call, repository, record.id), details)])
        }
        await call.context.operations.contentChanged(in: id, package: changed)
        return APICall.noContent
    }

    private static func require(_ kinds: [RepositoryKind], _ repository: Repository, allow: String) throws {
        let kind = repository.record.kind
        guard kinds.contains(kind) else {
            throw SaveError(
                .methodNotAllowed, "a \(kind.rawValue) repository does not allow this; change the member that has it",
                details: ["allow": allow])
        }
    }

    /// `backend/pypi-hosted/name[/version[/file]]`
    private static func resource(_ call: APICall, _ repository: Repository, _ id: PackageID) -> String {
        let rest = ["version", "filename"].compactMap { call.arguments[$0] }
        return ([repository.record.coordinates, id.name] + rest).joined(separator: "/")
    }
}
