internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Listing the files of a repository, with all directories below one.
enum FileRoutes {
    static let prefix = FieldRule(
        "prefix", .text(max: 1024), "What the files' paths begin with: all of a path, a directory with its slash, or a part.")

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/repos/{project}/{name}/files", .repository(.read),
            "The files of a repository with their paths, sidecars among them; of a proxy, what it has fetched",
            query: [prefix] + APICall.paging, answer: "FileList"
        ) { call, repository in
            let page = list(call, repository) { PackageRepresentation.file($0) }
            if call.representation != .json { return try call.export(page) }
            return call.answer(try await page(try call.position(), call.limit).json(call) { $0 })
        }
    ]

    /// Pages of files in the order of their paths.
    static func list(
        _ call: APICall, _ repository: Repository, _ json: @escaping @Sendable (StoredAsset) -> JSONValue
    ) -> ListExport.Fetch {
        let contents = PackageContents(repository, for: call.caller)
        let prefix = call.query["prefix"] ?? ""
        let store = call.context.store
        return { after, limit in
            // A cursor is one that this server made, out of a path.
            let place = try after.map { try AssetPath($0) }
            let found = try await store.read {
                try contents.files(withPrefix: prefix, after: place, limit: limit + 1, in: $0)
            }
            return Page(found, limit: limit, position: \.record.path.text).map(json)
        }
    }
}
