internal import SaveHTTP
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
            let origin = call.context.publicAddress?.origin ?? call.request.origin
            return call.answer(explanation.shown(where: call.caller.manages, linkingFrom: origin).json)
        }
    ]
}
