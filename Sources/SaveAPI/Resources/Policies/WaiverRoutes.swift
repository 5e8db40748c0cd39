internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Exceptions from policies: asked for by callers that are refused, granted by owners and administrators, and over at some time.
enum WaiverRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/waivers", .signedIn,
            "The caller's own waivers and those of projects that it manages; all for administrators and auditors",
            query: [
                FieldRule("project", .form(.resourceName), "Only waivers of this project."),
                FieldRule("policy", .form(.policyName), "Only waivers of policies of this name."),
                FieldRule(
                    "state", .choice(WaiverRecord.State.allCases.map(\.rawValue)), "Only waivers that are requested, or granted."),
                FieldRule(
                    "format", .choice(["openvex"]), "All that match as one OpenVEX document, which has only those of advisories."),
            ] + APICall.paging, answer: "WaiverExport"
        ) { call, _ in
            let found = call.caller.waivers.filter { matches($0, call) }
            if call.query["format"] != nil { return try OpenVEX.export(found, call) }
            return try call.page(found, by: { padded($0.id) }) { json($0, call) }
        },
        APIRoute(
            .post, "/waivers", .signedIn,
            "Ask for a waiver, in a project of which the caller may read a repository; owners and administrators may grant it at once",
            body: WaiverRules.create, status: 201, answer: "Waiver", failures: [.notFound, .conflict, .forbidden],
            action: "waiver.request"
        ) { call, _ in
            let draft = try await WaiverDraft.new(call)
            let waiver = try await call.change { writing, now in
                let record = try draft.add(to: writing, call.asOfNow().caller, at: now)
                return (record, [event(record, call)])
            }
            if waiver.state == .granted { call.context.operations.waiversChanged(in: waiver.project) }
            return call.answer(
                json(waiver, call.renewed), etag: entityTag(waiver.id, waiver.updated), location: "/api/v1/waivers/\(waiver.id)")
        },
        OpenVEX.importRoute,
        APIRoute(.get, "/waivers/{id}", .waiver(.reading), "A waiver", answer: "Waiver") { call, waiver in
            call.answer(json(waiver, call), etag: entityTag(waiver.id, waiver.updated))
        },
        APIRoute(
            .patch, "/waivers/{id}", .waiver(.granting), "Grant a waiver, or change its end or its reason",
            body: WaiverRules.update, answer: "Waiver", failures: [.conflict, .preconditionFailed], action: "waiver.update"
        ) { call, waiver in try await update(call, waiver) },
        APIRoute(
            .delete, "/waivers/{id}", .waiver(.removing), "Delete a waiver, or take a request back", status: 204,
            failures: [.preconditionFailed], action: "waiver.delete"
        ) { call, waiver in
            try await call.change { writing, _ in
                let record = try writing.current(waiver)
                // It may have been granted meanwhile, which its requester does not end.
                try call.asOfNow().caller.requireRemoval(of: record)
                try call.requireMatch(entityTag(record.id, record.updated))
                try writing.deleteWaiver(record.id)
                return ((), [call.event(record.package, identity(record, call))])
            }
            if waiver.state == .granted { call.context.operations.waiversChanged(in: waiver.project) }
            return APICall.noContent
        },
    ]

    private static func update(_ call: APICall, _ waiver: WaiverRecord) async throws -> HTTPResponse {
        let body = call.body
        let changed = try await call.change { writing, now in
            let current = try writing.current(waiver)
            try call.asOfNow().caller.requireGrant(of: current)
            try call.requireMatch(entityTag(current.id, current.updated))
            var record = current
            if let text = body["reason"]?.string { record.reason = text }
            if let end = body["until"]?.string { record.until = try WaiverDraft.end(end, from: now) }
            let isGrant = current.state == .requested && body["state"]?.string == "granted"
            if isGrant {
                guard now < record.until else {
                    throw SaveError.invalid(
                        "until", "the waiver was to end at \(record.until.rfc3339): send another 'until' with it")
                }
                record.state = .granted
                record.grantedBy = call.principal.name?.text
            }
            record.updated = later(now, than: current.updated)
            let stored = try writing.put(record)
            var details = changes(from: json(current, call), to: json(stored, call))
            for member in identity(stored, call).members { details[member.key] = member.value }
            return (
                stored, [AuditEvent(isGrant ? "waiver.grant" : "waiver.update", "waiver", stored.package, details: details)]
            )
        }
        if changed.state == .granted { call.context.operations.waiversChanged(in: changed.project) }
        return call.answer(json(changed, call.renewed), etag: entityTag(changed.id, changed.updated))
    }

    private static func matches(_ waiver: WaiverRecord, _ call: APICall) -> Bool {
        if let name = call.query["project"], call.caller.project(id: waiver.project)?.name != name { return false }
        if let state = call.query["state"], waiver.state.rawValue != state { return false }
        guard let name = call.query["policy"] else { return true }
        return policy(of: waiver, call)?.name.utf8.elementsEqual(name.utf8) ?? false
    }

    /// The record of a waiver that was made.
    static func event(_ waiver: WaiverRecord, _ call: APICall) -> AuditEvent {
        var details = identity(waiver, call)
        for member in json(waiver, call).object?.members ?? []
        where ["reason", "until", "advisories", "requested_by", "granted_by"].contains(member.key) {
            details[member.key] = member.value
        }
        let action = waiver.state == .granted ? "waiver.grant" : "waiver.request"
        return AuditEvent(action, "waiver", waiver.package, details: details)
    }

    private static func identity(_ waiver: WaiverRecord, _ call: APICall) -> JSONObject {
        [
            "id": .integer(waiver.id), "project": JSONValue(call.caller.project(id: waiver.project)?.name),
            "policy": JSONValue(policy(of: waiver, call)?.name), "policy_id": .integer(waiver.policy),
        ]
    }

    private static func policy(of waiver: WaiverRecord, _ call: APICall) -> PolicyRecord? {
        call.caller.allPolicies.first { $0.id == waiver.policy }
    }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    }

    static func json(_ waiver: WaiverRecord, _ call: APICall) -> JSONValue {
        [
            "id": .integer(waiver.id), "package": .string(waiver.package),
            "versions": .string((try? PackageURL(waiver.package))?.version ?? "*"),
            "policy": .string(policy(of: waiver, call)?.name ?? ""), "policy_id": .integer(waiver.policy),
            "project": .string(call.caller.project(id: waiver.project)?.name ?? ""),
            "advisories": .array(waiver.advisories.map(JSONValue.string)), "reason": .string(waiver.reason),
            "until": .string(waiver.until.rfc3339), "state": .string(waiver.state.rawValue),
            "active": .bool(waiver.state == .granted && call.context.clock.now() < waiver.until),
            "requested_by": .string(waiver.requestedBy), "granted_by": JSONValue(waiver.grantedBy),
            "created_at": .string(waiver.created.rfc3339), "updated_at": .string(waiver.updated.rfc3339),
        ]
    }
}
