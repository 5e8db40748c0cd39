internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Why clients get what they get under a package's name.
enum ExplainRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/repos/{project}/{name}/packages/{package}/explain", .repository(.read),
            "Where a package's files come from, and by which rules",
            query: [
                FieldRule(
                    "refresh", .boolean,
                    "Ask the upstreams now that clients would be sent to; without it nobody is asked.")
            ], answer: "Explanation"
        ) { call, repository in
            let refresh = call.query["refresh"] == "true"
            let explanation = try await call.context.operations.explain(call["package"], in: repository, refresh: refresh)
            return call.answer(withLinks(withoutUpstreams(explanation.json, for: call.caller), call))
        }
    ]

    /// Reasons lead to what is known of a refusal.
    private static func withLinks(_ explanation: JSONValue, _ call: APICall) -> JSONValue {
        guard var object = explanation.object else { return explanation }
        for list in ["members", "files"] {
            object[list] = .array(
                (object[list]?.array ?? []).map { value in
                    guard var entry = value.object else { return value }
                    entry["reason"] = call.linked(entry["reason"])
                    return .object(entry)
                })
        }
        object["reason"] = call.linked(object["reason"])
        return .object(object)
    }

    /// Leaves out who the upstreams are that the caller does not manage.
    private static func withoutUpstreams(_ explanation: JSONValue, for caller: Caller) -> JSONValue {
        guard var object = explanation.object else { return explanation }
        func edited(_ list: String, _ edit: (inout JSONObject) -> Void) {
            object[list] = .array(
                (object[list]?.array ?? []).map { value in
                    guard var entry = value.object, let name = entry["repository"]?.string,
                        !(caller.repository(coordinates: name).map(caller.manages) ?? false)
                    else { return value }
                    edit(&entry)
                    return .object(entry)
                })
        }
        edited("members") { member in
            member["upstream"] = .null
            if member["rule"] == "upstream" { member["reason"] = "the upstream fails" }
        }
        edited("files") { $0["origin"] = .null }
        if object["rule"] == "upstream" { object["reason"] = "the upstream fails" }
        return .object(object)
    }
}
