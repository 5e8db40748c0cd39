internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What can be asked of a proxy's upstream and of what is cached of it.
enum UpstreamRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .post, "/repos/probe", .signedIn, "Ask the upstream of a proxy that is not made yet what it is; nothing is kept",
            body: RepositoryRules.create, answer: "Probe", failures: [.notFound, .conflict, .upstreamInvalid],
            action: "repository.probe"
        ) { call, _ in
            let draft = try await draft(call)
            try requireProxy(draft)
            // What is learnt belongs to no repository.
            defer { call.context.operations.repositoryChanged(draft.record.id) }
            let found = try await probe(draft, call).json
            try await record(call, draft, ["remote_url": .string(draft.record.proxy.remoteURL), "result": found])
            return call.answer(found)
        },
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

    /// The repository that the same body would make.
    ///
    /// - Throws: what making it throws.
    private static func draft(_ call: APICall) async throws -> Repository {
        let request = try RepositoryRequest(call)
        let approval = try await request.approval(call)
        var draft = RepositoryDraft(record: request.record(in: nil, at: call.context.clock.now()), body: call.body, call: call)
        draft = try await call.context.store.read { [draft] reading in
            var draft = draft
            try draft.apply(approval, in: reading)
            return draft
        }
        return Repository(
            record: draft.record,
            format: try await call.context.formats.make(draft.record.format, settings: draft.record.settings),
            descriptor: request.descriptor)
    }

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
