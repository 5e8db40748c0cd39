internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Policies: which files clients get.
enum PolicyRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/policies", .signedIn,
            "The policies of projects and repositories that the caller manages; all for administrators and auditors",
            query: [
                FieldRule("scope", .form(.policyScope), "Only policies of just this scope."),
                FieldRule("q", .text(max: 200), "A part of the name, literally."),
            ] + APICall.paging, answer: "PolicyList"
        ) { call, _ in
            let policies = call.caller.policies.filter { policy in
                contains(policy.name, call.query["q"] ?? "")
                    && call.query["scope"].map { call.caller.scopeName(of: policy) == $0 } ?? true
            }
            return try call.page(policies, by: position) { json($0, call) }
        },
        APIRoute(
            .post, "/policies", .signedIn, "Create a policy: for the whole server administrators, else who manages its scope",
            body: PolicyRules.create, status: 201, answer: "Policy", failures: [.notFound, .repositoryNotFound, .conflict],
            action: "policy.create"
        ) { call, _ in try await create(call) },
        APIRoute(
            .post, "/policies/evaluate", .signedIn,
            "What policies say of packages of a repository that the caller may read; it has no effect",
            body: ObjectRule(
                name: "PolicyQuestion",
                fields: [
                    FieldRule(
                        "repository", .form(.coordinates), required: true, "The project and the name of the repository.",
                        example: "backend/pypi"),
                    FieldRule(
                        "packages", .list(of: .text(max: 1000), sizes: 1...1000), required: true,
                        "URLs of packages (purl), each with its version.", example: ["pkg:pypi/acme-lib@1.0"]),
                ]), answer: "PolicyAnswers", failures: [.repositoryNotFound]
        ) { call, _ in try await evaluate(call) },
        PolicyPreview.route,
        APIRoute(.get, "/policies/{id}", .policy(changing: false), "A policy", answer: "Policy") { call, policy in
            call.answer(json(policy, call), etag: entityTag(policy.id, policy.updated))
        },
        APIRoute(
            .patch, "/policies/{id}", .policy(changing: true), "Change a policy", body: PolicyRules.update, answer: "Policy",
            failures: [.conflict, .preconditionFailed], action: "policy.update"
        ) { call, policy in try await update(call, policy) },
        APIRoute(
            .delete, "/policies/{id}", .policy(changing: true), "Delete a policy", status: 204, failures: [.preconditionFailed],
            action: "policy.delete"
        ) { call, policy in
            try await call.change { writing, _ in
                let record = try writing.current(policy)
                try call.requireMatch(entityTag(record.id, record.updated))
                try writing.deletePolicy(record.id)
                return ((), [call.event(resource(record), identity(record, call))])
            }
            call.context.operations.policyChanged(policy)
            return APICall.noContent
        },
    ]

    private static func create(_ call: APICall) async throws -> HTTPResponse {
        let body = call.body
        let draft = try await draft(of: body, call)
        let policy = try await call.change { writing, now in
            // The right to make it may have ended since.
            let caller = try call.asOfNow().caller
            _ = try caller.policyScope(body["scope"]?.string ?? "server")
            try draft.check(isAdministrator: caller.mayAdminister)
            var record = draft.record
            (record.created, record.updated) = (now, now)
            record = try writing.put(record)
            var details = identity(record, call)
            for member in json(record, call).object?.members ?? [] where details[member.key] == nil {
                if member.key != "created_at", member.key != "updated_at" { details[member.key] = member.value }
            }
            return (record, [call.event(resource(record), details)])
        }
        call.context.operations.policyChanged(policy)
        return call.answer(
            json(policy, call), etag: entityTag(policy.id, policy.updated), location: "/api/v1/policies/\(policy.id)")
    }

    /// A new policy as a request describes it, checked.
    static func draft(of body: JSONObject, _ call: APICall) async throws -> PolicyDraft {
        let (scope, repository) = try call.caller.policyScope(body["scope"]?.string ?? "server")
        let now = call.context.clock.now()
        let new = PolicyRecord(
            name: "", scope: scope, priority: scope == .server ? 100 : PolicyRules.ownersPriority, action: .deny, created: now,
            updated: now)
        var draft = PolicyDraft(record: new, repository: repository, body: body)
        try draft.apply(isAdministrator: call.caller.mayAdminister)
        try await draft.checkJudgeable(call.context.formats)
        return draft
    }

    private static func update(_ call: APICall, _ policy: PolicyRecord) async throws -> HTTPResponse {
        let body = call.body
        let repository = call.caller.repository(of: policy)
        var trial = PolicyDraft(record: policy, repository: repository, body: body)
        try trial.apply(isAdministrator: call.caller.mayAdminister)
        try await trial.checkJudgeable(call.context.formats)
        let changed = try await call.change { writing, now in
            let current = try writing.current(policy)
            try call.requireMatch(entityTag(current.id, current.updated))
            var draft = PolicyDraft(record: current, repository: repository, body: body)
            try draft.apply(isAdministrator: try call.asOfNow().caller.mayAdminister)
            draft.record.updated = later(now, than: current.updated)
            let record = try writing.put(draft.record)
            var details = changes(from: json(current, call), to: json(record, call))
            details["id"] = .integer(record.id)
            return (record, [call.event(resource(record), details)])
        }
        call.context.operations.policyChanged(changed)
        return call.answer(json(changed, call), etag: entityTag(changed.id, changed.updated))
    }

    private static func evaluate(_ call: APICall) async throws -> HTTPResponse {
        guard case .repository(let project, let name)? = PolicyScopeName("repository:\(call.body["repository"]?.string ?? "")")
        else {
            throw SaveError.invalid("repository", "'repository' must be \(TextForm.coordinates.summary)")
        }
        let repository = try call.caller.repository(project: project, name: name, .read)
        var packages: [PackageURL] = []
        for (index, text) in (call.body["packages"]?.array ?? []).enumerated() {
            do {
                packages.append(try PackageURL(text.string ?? ""))
            } catch let error as SaveError {
                throw SaveError.invalid("packages[\(index)]", error.message)
            }
        }
        let answers = try await call.context.operations.evaluate(packages, in: repository)
        let items = zip(call.body["packages"]?.array ?? [], answers).map { text, answer in
            var item = answer.object ?? JSONObject()
            item["package"] = text
            item["reason"] = call.linked(item["reason"])
            return JSONValue.object(item)
        }
        return call.answer(["items": .array(items)])
    }

    /// Its name in the audit trail.
    private static func resource(_ policy: PolicyRecord) -> String { policy.name }

    private static func identity(_ policy: PolicyRecord, _ call: APICall) -> JSONObject {
        ["id": .integer(policy.id), "scope": JSONValue(call.caller.scopeName(of: policy))]
    }

    /// Its place in the list: as text in the order in which policies are asked.
    private static func position(_ policy: PolicyRecord) -> String { padded(policy.priority) + padded(policy.id) }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    }

    private static func json(_ policy: PolicyRecord, _ call: APICall) -> JSONValue {
        [
            "id": .integer(policy.id), "name": .string(policy.name), "description": .string(policy.description),
            "scope": JSONValue(call.caller.scopeName(of: policy)), "priority": .integer(policy.priority),
            "action": .string(policy.action.rawValue), "dry_run": .bool(policy.isDryRun), "enabled": .bool(policy.isEnabled),
            "presentation": .string(policy.presentation.rawValue), "include_hosted": .bool(policy.includesHosted),
            "match": .object(json(policy.match)), "created_at": .string(policy.created.rfc3339),
            "updated_at": .string(policy.updated.rfc3339),
        ]
    }

    private static func json(_ match: PolicyMatch) -> JSONObject {
        var json = JSONObject()
        if let packages = match.packages { json["packages"] = .array(packages.map(JSONValue.string)) }
        if let age = match.youngerThan { json["younger_than"] = .string(age) }
        if let missing = match.missingTime { json["missing_time"] = .string(missing.rawValue) }
        if let range = match.versions { json["versions"] = .string(range) }
        if let flag = match.malware { json["malware"] = .bool(flag) }
        if let severity = match.minSeverity { json["min_severity"] = .string(severity) }
        if let names = match.advisories { json["advisories"] = .array(names.map(JSONValue.string)) }
        if let flag = match.exemptFixes { json["exempt_fixes"] = .bool(flag) }
        if let names = match.licenses { json["licenses"] = .array(names.map(JSONValue.string)) }
        if let kinds = match.upstreamAnomaly {
            json["upstream_anomaly"] = kinds.isEmpty ? true : .array(kinds.map(JSONValue.string))
        }
        return json
    }
}
