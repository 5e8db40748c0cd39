internal import SaveAccess
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What can be asked of a proxy's upstream and of what is cached of it.
enum UpstreamRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .post, "/repos/{project}/{name}/probe", .repository(.manage), "Ask the upstream what it is, now", answer: "Probe",
            failures: [.conflict, .upstreamInvalid], action: "repository.probe"
        ) { call, repository in
            try requireProxy(repository)
            let found = try await probe(repository, call).json
            try await record(call, repository, ["result": found])
            return call.answer(found)
        },
        APIRoute(
            .post, "/repos/{project}/{name}/invalidate-cache", .repository(.manage), "Drop cached indexes; files stay",
            status: 204, failures: [.conflict], action: "repository.invalidate"
        ) { call, repository in
            try requireProxy(repository)
            try await call.context.operations.invalidateCache(of: repository)
            try await record(call, repository, [:])
            return APICall.noContent
        },
    ]

    private static func probe(_ repository: Repository, _ call: APICall) async throws -> RepositoryAdministration.Probe {
        do {
            return try await call.context.operations.probe(repository)
        } catch let error as SaveError where error.code == .upstreamForbidden || error.code == .upstreamInvalid {
            // Here the request is at fault, or what an administrator wrote into the repository.
            throw SaveError.invalid("remote_url", error.message)
        }
    }

    private static func requireProxy(_ repository: Repository) throws {
        guard repository.record.kind == .proxy else {
            throw SaveError(
                .conflict, "a \(repository.record.kind.rawValue) repository has no upstream",
                details: ["field": "repository_type"])
        }
    }

    private static func record(_ call: APICall, _ repository: Repository, _ details: JSONObject) async throws {
        try await call.change(isDone: true) { _, _ in ((), [call.event(repository.record.coordinates, details)]) }
    }
}
