internal import SavePlatform
internal import SaveStorage

/// Projects, their members, and repositories of every kind.
enum RepositorySchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Project": .members(["name": .name, "description": .text, "created_at": .time, "updated_at": .time]),
        "Member": .members(["principal": .text, "role": .projectRole]),
        "Repository": .oneOf(
            [("hosted", "HostedRepository"), ("proxy", "ProxyRepository"), ("group", "GroupRepository")], by: "repository_type"),
        "HostedRepository": repository(
            .hosted, ["allow_redeploy": .flag, "max_file_size": Schema.count.orNull]),
        "ProxyRepository": repository(
            .proxy,
            [
                "remote_url": managed(.text), "resolved_url": managed(Schema.text.orNull),
                "upstream_state": Schema.named("UpstreamState").ifAny, "warnings": managed(.list(of: .text)),
                "cache_ttl": .count, "negative_cache_ttl": .count, "stale_ttl": .count,
                "missing_statuses": .list(of: .integer(300...499)), "remote_username": managed(Schema.text.orNull),
                "allowed_file_hosts": managed(.list(of: .text)), "reserved_names": .list(of: .text),
            ]),
        "GroupRepository": repository(
            .group,
            [
                "members": .list(of: .text), "policy": .choice(["first_owner", "union"]), "reserved_names": .list(of: .text),
                "warnings": .list(of: .text),
            ]),
        "UpstreamState": .members([
            "available": Schema.flag.orNull.described("Null until the upstream was asked."), "failure": Schema.text.orNull,
            "asked_again_in": Schema.count.orNull.described("Seconds until the upstream is asked again after a failure."),
            "redirected_to": Schema.text.orNull,
        ]),
        "Probe": .members([
            "resolved_url": .text, "succeeded": .flag,
            "attempts": .list(of: .members(["url": .text, "outcome": .text])),
        ]),
    ]

    /// What is shown to those who manage the repository.
    private static func managed(_ schema: Schema) -> Schema {
        schema.ifAny.described("For those who manage the repository.")
    }

    private static func repository(_ kind: RepositoryKind, _ own: KeyValuePairs<String, Schema>) -> Schema {
        let common: KeyValuePairs<String, Schema> = [
            "project": .name, "name": .name, "format": .text, "repository_type": Schema(["const": .string(kind.rawValue)]),
            "description": .text, "online": .flag, "anonymous_read": .flag, "audit_downloads": .flag, "created_at": .time,
            "updated_at": .time,
            "url": .text, "settings": .object,
        ]
        return .closed((common.map { $0 } + own.map { $0 }).map { ($0.key, $0.value) })
    }
}
