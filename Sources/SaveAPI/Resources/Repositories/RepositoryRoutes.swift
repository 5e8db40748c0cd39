internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Repositories of every format and kind.
enum RepositoryRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/repos", .signedIn, "The repositories the caller may read",
            query: [
                FieldRule("project", .form(.resourceName), "Only of this project."),
                FieldRule("format", .text(max: 32), "Only of this format."),
                FieldRule("repository_type", .choice(RepositoryKind.allCases.map(\.rawValue)), "Only of this kind."),
                FieldRule("q", .text(max: 200), "A part of project/name or of the description, literally."),
            ] + APICall.paging,
            answer: "RepositoryList"
        ) { call, _ in
            let found = call.caller.repositories.filter { matches($0.record, call.query) }
                .sorted { $0.record.coordinates < $1.record.coordinates }
            return try call.page(found, by: \.record.coordinates) { call.json($0) }
        },
        APIRoute(
            .post, "/repos", .signedIn, "Create a repository", body: RepositoryRules.create, status: 201, answer: "Repository",
            failures: [.notFound, .conflict], action: "repository.create"
        ) { call, _ in try await create(call) },
        APIRoute(.get, "/repos/{project}/{name}", .repository(.read), "A repository", answer: "Repository") { call, repository in
            call.answer(call.json(repository), etag: etag(repository.record), isLive: true)
        },
        APIRoute(
            .patch, "/repos/{project}/{name}", .repository(.manage), "Change a repository", query: [LeavingNames.rule],
            body: RepositoryRules.update,
            answer: "Repository", failures: [.conflict, .preconditionFailed], action: "repository.update"
        ) { call, repository in try await update(call, repository) },
        APIRoute(
            .delete, "/repos/{project}/{name}", .repository(.manage),
            "Delete a repository; with files in it that takes the permission delete as well",
            query: [
                FieldRule("force", .boolean, "Delete it with its files, and out of the groups it is a member of."),
                LeavingNames.rule,
            ],
            status: 204, failures: [.conflict, .preconditionFailed], action: "repository.delete"
        ) { call, repository in try await delete(call, repository) },
    ]

    private static func matches(_ record: RepositoryRecord, _ query: QueryItems) -> Bool {
        (query["project"].map { $0 == record.project } ?? true) && (query["format"].map { $0 == record.format } ?? true)
            && (query["repository_type"].map { $0 == record.kind.rawValue } ?? true)
            && (query["q"].map { contains(record.coordinates, $0) || contains(record.description, $0) } ?? true)
    }

    private static func etag(_ record: RepositoryRecord) -> String { entityTag(record.id, record.updated) }

    private static func create(_ call: APICall) async throws -> HTTPResponse {
        let body = call.body
        let request = try RepositoryRequest(call)
        let approval = try await request.approval(call)
        let id = try await call.change { writing, now in
            var events: [AuditEvent] = []
            let project =
                try request.project.map { try writing.current($0) }
                ?? newProject(request.projectName, writing, at: now, &events)
            var draft = RepositoryDraft(record: request.record(in: project, at: now), body: body, call: call)
            try draft.apply(approval, in: writing)
            let record = try writing.put(draft.record)
            var details: JSONObject = ["format": .string(record.format), "repository_type": .string(record.kind.rawValue)]
            if record.kind == .proxy { details["remote_url"] = .string(record.proxy.remoteURL) }
            if record.kind == .group { details["members"] = body["members"] ?? [] }
            for field in RepositoryField.all where field.isToldOfNew && field.read?(record) == true {
                details[field.name] = true
            }
            return (record.id, events + [call.event(record.coordinates, details)])
        }
        call.context.operations.repositoryChanged(id)
        return try show(id, call, location: "/api/v1/repos/\(request.projectName)/\(request.name)")
    }

    private static func newProject(
        _ name: String, _ writing: any MetadataWriting, at now: Timestamp, _ events: inout [AuditEvent]
    ) throws -> ProjectRecord {
        events.append(AuditEvent("project.create", "project", name, details: ["description": ""]))
        return try writing.put(ProjectRecord(name: name, created: now, updated: now))
    }

    private static func update(_ call: APICall, _ repository: Repository) async throws -> HTTPResponse {
        let body = call.body
        let id = repository.record.id
        let counted = try await OptimisticLocking.change("the repository") {
            let seen = try await call.context.store.read { reading in
                let record = try reading.current(repository)
                try call.requireMatch(etag(record))
                return record
            }
            let approval = try await RepositoryDraft.ask(
                call.context.formats.type(seen.format), seen.kind, seen.settings, body)
            return try await call.change { writing, now in
                let record = try writing.current(repository)
                try call.requireMatch(etag(record))
                let before = settings(record)
                var draft = RepositoryDraft(record: record, body: body, call: call)
                try draft.apply(approval, in: writing)
                draft.record.updated = later(now, than: record.updated)
                if record.kind == .group { _ = try LeavingNames(call).settle(record.group.members, &draft.record, in: writing) }
                let after = try writing.put(draft.record)
                if !after.hasSamePlace(as: record) {
                    try writing.deleteCachedIndexes(id, key: nil)
                    try writing.deleteAnomalies(id)
                }
                var details = changes(from: before, to: settings(after))
                if body["remote_password"] != nil { details["remote_password"] = "changed" }
                let counted = after.group == record.group ? [] : try countChange(of: [after], in: writing)
                return (counted, [call.event(record.coordinates, details)])
            }
        }
        for member in counted { call.context.operations.contentChanged(in: member, package: nil) }
        call.context.operations.repositoryChanged(id)
        return try show(id, call)
    }

    /// Counts a change of all that is hosted in groups, which show it otherwise now: a mirror of a group comes for what has a larger
    /// number than it has seen.
    ///
    /// - Returns: the members that host.
    private static func countChange(of groups: [RepositoryRecord], in writing: any MetadataWriting) throws -> [Int64] {
        let kinds = try writing.kinds()
        let hosted = try writing.reach(of: groups.flatMap(\.group.members)).filter { kinds[$0] == .hosted }.sorted()
        for member in hosted { try writing.renewSerials(member) }
        return hosted
    }

    private static func delete(_ call: APICall, _ repository: Repository) async throws -> HTTPResponse {
        let id = repository.record.id
        let isForced = call.query["force"] == "true"
        let mayDelete = call.caller.mayDelete(from: repository)
        guard mayDelete || !isForced else { throw mayNotDelete(from: repository) }
        let (changed, counted) = try await call.change { writing, now in
            let record = try writing.current(repository)
            try call.requireMatch(etag(record))
            var groups = try writing.groups(with: record)
            // The files of a proxy can be fetched again, and are files none the less.
            guard try mayDelete || writing.assets(id, under: "", after: nil, limit: 1).isEmpty else {
                throw mayNotDelete(from: repository)
            }
            if !isForced {
                guard try record.kind != .hosted || writing.assets(id, under: "", after: nil, limit: 1).isEmpty else {
                    throw SaveError(
                        .conflict, "the repository is not empty; delete it with ?force=true", details: ["field": "force"])
                }
            }
            let leaving = LeavingNames(call)
            // Without its member, a group may take names that were this one's from another member.
            guard groups.isEmpty || leaving.choice != nil || isForced && record.kind != .hosted else {
                throw memberOf(groups, record.kind, call)
            }
            var reserved = 0
            for place in groups.indices {
                let before = groups[place].group.members
                groups[place].group.members.removeAll { $0 == id }
                reserved += try leaving.settle(before, &groups[place], in: writing)
                groups[place].updated = later(now, than: groups[place].updated)
                _ = try writing.put(groups[place])
            }
            try writing.deleteRepository(id)
            let counted = try countChange(of: groups, in: writing)
            let details: JSONObject = [
                "format": .string(record.format), "repository_type": .string(record.kind.rawValue), "force": .bool(isForced),
                "groups": .array(groups.map { .string($0.coordinates) }), "names": JSONValue(leaving.choice?.rawValue),
                "reserved_names": .integer(Int64(reserved)),
            ]
            return ((groups.map(\.id), counted), [call.event(record.coordinates, details)])
        }
        for member in counted { call.context.operations.contentChanged(in: member, package: nil) }
        for changed in changed + [id] { call.context.operations.repositoryChanged(changed) }
        return APICall.noContent
    }

    /// Names the groups that the caller may know of.
    private static func memberOf(_ groups: [RepositoryRecord], _ kind: RepositoryKind, _ call: APICall) -> SaveError {
        let known = groups.filter { call.caller.repository(id: $0.id) != nil }.map(\.coordinates)
        let names = known.count == groups.count ? known : known + ["others that you may not see"]
        let way =
            kind == .hosted
            ? "delete it with ?names=reserve, which keeps the names of its packages reserved there, or ?names=release, which gives them up to other members"
            : "delete it with ?force=true"
        return SaveError(
            .conflict, "the repository is a member of \(names.joined(separator: ", ")); \(way)",
            details: ["groups": names.joined(separator: ", "), "field": kind == .hosted ? "names" : "force"])
    }

    /// A repository goes with its files, so that managing it is not enough.
    private static func mayNotDelete(from repository: Repository) -> Denial {
        Denial.forbidden(
            "you may not delete from \(repository.record.coordinates), and its files would go with it: that takes the permission delete"
        )
    }

    private static func show(_ id: Int64, _ call: APICall, location: String? = nil) throws -> HTTPResponse {
        let call = call.renewed
        guard let repository = call.caller.repository(id: id) else {
            throw SaveError.noSuchRepository
        }
        return call.answer(call.json(repository), etag: etag(repository.record), isLive: true, location: location)
    }

    /// What a change can change, without secrets and without what follows from other things.
    private static func settings(_ record: RepositoryRecord) -> JSONValue {
        .object(JSONObject(RepositoryField.all.compactMap { field in field.read.map { (field.name, $0(record)) } }))
    }
}
