internal import SavePlatform

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
            object["remote_url"] = .string(record.proxy.remoteURL)
            object["resolved_url"] = JSONValue(record.proxy.resolvedURL)
            object["upstream_state"] = context.operations.upstreamState(of: repository)
            object["cache_ttl"] = .integer(record.proxy.cacheTTL)
            object["negative_cache_ttl"] = .integer(record.proxy.negativeCacheTTL)
            object["stale_ttl"] = .integer(record.proxy.staleTTL)
            object["missing_statuses"] = .array(record.proxy.missingStatuses.map { .integer(Int64($0)) })
            object["remote_username"] = JSONValue(record.proxy.remoteUsername)
            object["allowed_file_hosts"] = .array(record.proxy.allowedFileHosts.map(JSONValue.string))
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

    /// Scheme and host of the server as its clients know it; empty where the request does not say.
    private var origin: String { context.externalURL ?? request.origin ?? "" }
}
