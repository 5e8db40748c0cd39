internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Why something was refused, by the number in the link at the end of the reason.
enum RefusalRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/refusals/{id}", Access<Int64>.refusal,
            "What a policy refused, what becomes of it now, and how to ask for a waiver",
            answer: "Refusal"
        ) { call, id in
            let caller = call.caller
            guard
                let report = try await call.context.operations.refusal(
                    id, ifReadable: { caller.repository(id: $0.record.id) != nil })
            else { throw Denial.noRefusal }
            return call.answer(json(report, call))
        }
    ]

    private static func json(_ report: RefusalReport, _ call: APICall) -> JSONValue {
        let known = Set(call.caller.waivers.map(\.id))
        let policy = report.policy
        let isShown = call.caller.policies.contains { $0.id == policy.id }
        return [
            "id": .integer(report.id), "repository": .string(report.repository.record.coordinates),
            "package": JSONValue(report.package), "version": JSONValue(report.version), "file": JSONValue(report.file),
            "policy": [
                "id": .integer(policy.id), "name": .string(policy.name),
                "description": .string(isShown ? policy.description : report.advice),
            ],
            "first_refused_at": .string(report.firstRefused.rfc3339), "now": json(report.now, call),
            "waivers": .array(report.waivers.filter { known.contains($0.id) }.map { WaiverRoutes.json($0, call) }),
            "waiver_request": report.packageURL.map { url in
                [
                    "package": .string(url.description), "policy": .string(policy.name), "policy_id": .integer(policy.id),
                    "project": .string(report.repository.record.project),
                ]
            } ?? .null,
        ]
    }

    private static func json(_ verdict: PackageVerdict, _ call: APICall) -> JSONValue {
        [
            "verdict": .string(verdict.verdict.rawValue), "policy": JSONValue(verdict.policy),
            "reason": call.linked(JSONValue(verdict.reason)), "allowed_after": JSONValue(verdict.allowedAfter?.rfc3339),
            "advisories": .array(verdict.advisories.map(JSONValue.string)), "waiver": JSONValue(verdict.waiver),
        ]
    }
}

extension APICall {
    /// The reason of a refusal with a whole URL in it, where it ends with a link.
    func linked(_ reason: JSONValue?) -> JSONValue {
        guard let text = reason?.string else { return reason ?? .null }
        return .string(RefusalLine.linked(text, from: context.publicAddress?.origin ?? request.origin))
    }
}

extension Access where Resource == Int64 {
    /// The number alone tells nothing: whether the caller may read what it is about is decided when that is known.
    static var refusal: Self {
        Self(requirement: .refusal) { call in
            guard TextForm.recordID.matches(call["id"]), let id = Int64(call["id"]) else { throw Denial.noRefusal.shown }
            return id
        }
    }
}

extension Denial {
    /// The same for what does not exist and for what the caller may not know of.
    fileprivate static let noRefusal = Denial(
        shown: SaveError(.notFound, "there is no such refusal: its policy or its repository may be gone, or it is long ago"))
}
