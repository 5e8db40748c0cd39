internal import SavePlatform
internal import SaveRepositories

/// What is known of upstreams, as the API shows it.
extension RepositoryAdministration.Probe {
    var json: JSONValue {
        let attempts = attempts.map { JSONValue.object(["url": .string($0.url), "outcome": .string($0.outcome)]) }
        return ["resolved_url": .string(resolvedURL), "succeeded": .bool(isSuccess), "attempts": .array(attempts)]
    }
}

extension RepositoryAdministration.UpstreamState {
    var json: JSONValue {
        [
            "available": isAvailable.map(JSONValue.bool) ?? .null, "failure": JSONValue(failure),
            "asked_again_in": JSONValue(askedAgainIn), "redirected_to": JSONValue(redirectedTo),
        ]
    }
}
