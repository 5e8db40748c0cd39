internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

extension APICall {
    /// A repository as clients see it. No secret is in it.
    func json(_ repository: Repository) -> JSONValue {
        let record = repository.record
        var object: JSONObject = [
            "project": .string(record.project), "name": .string(record.name), "format": .string(record.format),
            "repository_type": .string(record.kind.rawValue), "description": .string(record.description),
            "online": .bool(record.online), "anonymous_read": .bool(record.anonymousRead),
            "audit_downloads": .bool(record.auditDownloads),
            "created_at": .string(record.created.rfc3339), "updated_at": .string(record.updated.rfc3339),
            "url": .string(origin + repository.basePath),
        ]
        switch record.kind {
        case .hosted:
            object["allow_redeploy"] = .bool(record.hosted.allowRedeploy)
            object["max_file_size"] = JSONValue(record.hosted.maxFileSize)
        case .proxy:
            if caller.manages(repository) { addUpstream(of: repository, to: &object) }
            object["cache_ttl"] = .integer(record.proxy.cacheTTL)
            object["negative_cache_ttl"] = .integer(record.proxy.negativeCacheTTL)
            object["stale_ttl"] = .integer(record.proxy.staleTTL)
            object["missing_statuses"] = .array(record.proxy.missingStatuses.map { .integer(Int64($0)) })
            object["reserved_names"] = .array(record.proxy.reservedNames.map { .string($0.rawValue) })
        case .group:
            object["members"] = .array(
                caller.members(of: repository).map { .string($0.record.coordinates) })
            object["policy"] = .string(record.group.policy.rawValue)
            object["reserved_names"] = .array(record.group.reservedNames.map { .string($0.rawValue) })
            object["warnings"] = .array(GroupWarnings.of(repository, for: caller).map(JSONValue.string))
        }
        object["settings"] = .object(record.settings)
        return .object(object)
    }

    /// The upstream and how it is spoken to: for those who manage the repository, not for everybody who may read it.
    private func addUpstream(of repository: Repository, to object: inout JSONObject) {
        let settings = repository.record.proxy
        let state = context.operations.upstreamState(of: repository)
        object["remote_url"] = .string(Self.withoutQuery(settings.remoteURL))
        object["resolved_url"] = JSONValue(settings.resolvedURL.map(Self.withoutQuery))
        object["remote_username"] = JSONValue(settings.remoteUsername)
        object["allowed_file_hosts"] = .array(settings.allowedFileHosts.map(JSONValue.string))
        object["upstream_state"] = state
        var warnings: [String] = []
        if let host = URLOrigin(of: settings.remoteURL)?.host, context.outbound?.allowsByName(host) == false {
            warnings.append(AddressGuard.refusal(of: host).message)
        }
        if let failure = state.object?["failure"]?.string, state.object?["available"] != true, !warnings.contains(failure) {
            warnings.append("the upstream was asked, and failed: \(failure)")
        }
        object["warnings"] = .array(warnings.map(JSONValue.string))
    }

    /// What was stored before queries were refused, or found by a redirect.
    private static func withoutQuery(_ url: String) -> String {
        url.utf8.contains(UInt8(ascii: "?")) ? URLReference.shown(url) : url
    }

    /// Where the server is for its clients; empty where the request does not say.
    private var origin: String { context.publicAddress?.text ?? request.origin ?? "" }
}
