internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The audit trail: searching it, exporting it, checking that nobody changed it.
enum AuditRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/admin/audit", .inspect,
            "Search the audit trail, newest first",
            query: [
                FieldRule("resource_type", .text(max: 64), "Only of this type."),
                FieldRule("resource", .text(max: 1100), "Only of this resource, such as backend/pypi-proxy."),
                FieldRule("actor", .text(max: 260), "Only by this actor."),
                FieldRule("action", .text(max: 64), "Only this action, such as repository.create."),
                FieldRule("outcome", .choice(AuditRecord.Outcome.allCases.map(\.rawValue)), "Only with this outcome."),
                FieldRule("q", .text(max: 1024), "A part of a record, literally."),
                FieldRule("since", .time, "Only from this time on."),
                FieldRule("until", .time, "Only before this time."),
            ] + APICall.paging, answer: "AuditList"
        ) { call, _ in try await search(call) },
        APIRoute(
            .get, "/admin/audit/verify", .inspect, "Check the chain of hashes", answer: "AuditVerification"
        ) { call, _ in
            let verification = AuditVerification(verifier: call.context.verifier, clock: call.context.clock)
            if let found = try await verification.soon() { return call.answer(found) }
            return HTTPResponse(
                status: 200, headers: ["Content-Type": MediaType.json.value],
                body: .stream(ByteStream(length: nil) { try await verification.next() }))
        },
    ]

    /// What a search may take for a page; what is left of the time that people do not notice is for the way to them.
    private static let patience = Duration.milliseconds(100)

    private static func search(_ call: APICall) async throws -> HTTPResponse {
        let query = try auditQuery(call)
        if call.representation != .json { return try export(query, call) }
        let found = try await call.context.store.read { [query] in try $0.audit(query) }
        return call.answer(Page(items: found.records, next: found.next.map { String($0) }).json(call, json))
    }

    private static func auditQuery(_ call: APICall) throws -> AuditQuery {
        var query = AuditQuery(limit: call.limit, patience: patience)
        query.resourceType = call.query["resource_type"]
        query.resource = call.query["resource"]
        query.actor = call.query["actor"]
        query.action = call.query["action"]
        query.outcome = call.query["outcome"].flatMap(AuditRecord.Outcome.init)
        query.text = call.query["q"]
        query.since = call.query["since"].flatMap { Timestamp(rfc3339: $0) }
        query.until = call.query["until"].flatMap { Timestamp(rfc3339: $0) }
        query.before = try call.position().flatMap { Int64($0) }
        return query
    }

    private static func export(_ query: AuditQuery, _ call: APICall) throws -> HTTPResponse {
        let store = call.context.store
        return try call.export { after, limit in
            var query = query
            query.before = after.flatMap { Int64($0) }
            query.limit = limit
            let found = try await store.read { [query] in try $0.audit(query) }
            return Page(items: found.records, next: found.next.map { String($0) }).map(json)
        }
    }

    static func json(_ record: AuditRecord) -> JSONValue {
        [
            "id": .integer(record.sequence), "time": .string(record.time.rfc3339), "actor": .string(record.actor),
            "actor_kind": .string(record.actorKind), "action": .string(record.action),
            "resource_type": .string(record.resourceType), "resource": .string(record.resource),
            "outcome": .string(record.outcome.rawValue), "source_ip": .string(record.sourceIP),
            "user_agent": .string(record.userAgent), "request_id": .string(record.requestID),
            "details": .object(record.details), "hash": .string(record.hash), "previous_hash": .string(record.previousHash),
        ]
    }
}
