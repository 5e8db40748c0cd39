internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The names of deleted files: which are retired, and how one is made free again.
enum RetiredNameRoutes {
    private static let base = "/repos/{project}/{name}/packages/{package}/retired-names"

    static let all: [APIRoute] = [
        APIRoute(
            .get, base, .repository(.read), "The names of deleted files, which are not given to other files",
            answer: "RetiredNameList"
        ) { call, repository in
            let id = repository.record.id
            let names = try await call.context.store.read { try $0.retiredNames(id, package: try package(call, id, $0)) }
            return call.answer(["items": .array(names.map(json)), "next": .null])
        },
        APIRoute(
            .delete, base + "/{filename}", .repository(.manage), "Release a name, so that a file may have it again",
            status: 204, action: "file.release_name"
        ) { call, repository in
            let id = repository.record.id
            try await call.change { writing, _ in
                let package = try package(call, id, writing)
                let names = try writing.retiredNames(id, package: package).filter {
                    $0.path.filename.utf8.elementsEqual(call["filename"].utf8)
                }
                guard !names.isEmpty else { throw SaveError(.assetNotFound, "there is no such retired name") }
                let events = try names.map { name in
                    _ = try writing.deleteRetiredName(id, name.path)
                    return call.event(
                        "\(repository.record.coordinates)/\(name.path)",
                        ["package": .string(package.name), "sha256": .string(name.blob.hex)])
                }
                return ((), events)
            }
            return APICall.noContent
        },
    ]

    /// The package goes with its last file; its retired names stay.
    private static func package(_ call: APICall, _ repository: Int64, _ reading: any ContentReading) throws -> PackageID {
        try PackageContents.find(call["package"], repository, reading)?.id ?? PackageID(normalized: call["package"])
    }

    private static func json(_ name: RetiredName) -> JSONValue {
        [
            "filename": .string(name.path.filename), "path": .string(name.path.text), "sha256": .string(name.blob.hex),
            "retired_by": .string(name.retiredBy), "retired_at": .string(name.retired.rfc3339),
        ]
    }
}
