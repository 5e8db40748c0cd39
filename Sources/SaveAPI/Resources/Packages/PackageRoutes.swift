internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Reading what is in a repository.
enum PackageRoutes {
    private static let base = "/repos/{project}/{name}/packages"

    static let all: [APIRoute] = [
        APIRoute(
            .get, base, .repository(.read),
            "The packages of a repository, or the paths of its files where it has none or a prefix is given; of a group, those of its members",
            query: [FieldRule("q", .text(max: 200), "A part of the name, literally."), FileRoutes.prefix] + APICall.paging,
            answer: "PackageList"
        ) { call, repository in
            if try await listsFiles(call, repository) {
                let page = FileRoutes.list(call, repository) { .object(PackageRepresentation.pathOnly($0)) }
                if call.representation != .json { return try call.export(page) }
                return call.answer(try await page(try call.position(), call.limit).json(call) { $0 })
            }
            let contents = PackageContents(repository, for: call.caller)
            let text = call.query["q"].flatMap { $0.isEmpty ? nil : $0 }
            let store = call.context.store
            let page: ListExport.Fetch = { after, limit in
                let found = try await store.read {
                    try contents.packages(
                        after: after.map { PackageID(normalized: $0) }, limit: limit + 1, matching: text, in: $0)
                }
                return Page(found, limit: limit, position: \.id.name).map { .object(PackageRepresentation.package($0)) }
            }
            if call.representation != .json { return try call.export(page) }
            return call.answer(try await page(try call.position(), call.limit).json(call) { $0 })
        },
        APIRoute(.get, base + "/{package}", .repository(.read), "A package and its versions", answer: "Package") {
            call, repository in
            let (record, files) = try await find(call, repository)
            return call.answer(PackageRepresentation.package(record, files))
        },
        APIRoute(
            .get, base + "/{package}/versions/{version}", .repository(.read), "A version and its files", answer: "PackageVersion"
        ) { call, repository in
            let (record, all) = try await find(call, repository)
            let files = all.filter { isVersion($0, call["version"]) }
            guard !files.isEmpty else { throw noVersion }
            return call.answer(PackageRepresentation.version(call["version"], of: record, files))
        },
    ]

    /// Whether paths are listed: where they are asked for, and where there are no packages, as of plain files.
    private static func listsFiles(_ call: APICall, _ repository: Repository) async throws -> Bool {
        if call.query["prefix"] != nil {
            guard call.query["q"] == nil else {
                throw SaveError.invalid("q", "'q' looks for packages and 'prefix' for paths: send one of them")
            }
            return true
        }
        guard call.query["q"] == nil else { return false }
        let contents = PackageContents(repository, for: call.caller)
        return try await call.context.store.read {
            try contents.packages(after: nil, limit: 1, matching: nil, in: $0).isEmpty
        }
    }

    static let noVersion = SaveError(.packageNotFound, "there is no such version: check the number")

    static func isVersion(_ asset: StoredAsset, _ version: String) -> Bool {
        asset.record.version?.utf8.elementsEqual(version.utf8) ?? false
    }

    private static func find(_ call: APICall, _ repository: Repository) async throws -> (PackageRecord, [StoredAsset]) {
        let contents = PackageContents(repository, for: call.caller)
        let name = call["package"]
        return try await call.context.store.read { try contents.package(name, in: $0) }
    }
}
