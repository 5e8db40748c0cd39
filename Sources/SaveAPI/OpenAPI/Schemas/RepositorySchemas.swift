internal import SavePlatform
internal import SaveStorage

/// Projects, their members, and repositories of every kind.
enum RepositorySchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Project": .members(["name": .name, "description": .text, "created_at": .time, "updated_at": .time]),
        "Member": .members(["principal": .text, "role": .projectRole]),
        "Repository": .oneOf(
            [("hosted", "HostedRepository"), ("proxy", "ProxyRepository"), ("group", "GroupRepository")], by: "repository_type"),
        "HostedRepository": repository(.hosted), "ProxyRepository": repository(.proxy), "GroupRepository": repository(.group),
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

    private static func repository(_ kind: RepositoryKind) -> Schema {
        let identity: [(String, Schema)] = [
            ("project", .name), ("name", .name), ("format", .text),
            ("repository_type", Schema(["const": .string(kind.rawValue)])),
        ]
        let times: [(String, Schema)] = [("created_at", .time), ("updated_at", .time), ("url", .text)]
        let own = members([RepositoryField.settings] + RepositoryField.own.filter { $0.kinds.contains(kind) })
        return .closed((identity + members(RepositoryField.common) + times + own).map { ($0.0, $0.1) })
    }

    private static func members(_ fields: [RepositoryField]) -> [(String, Schema)] {
        fields.compactMap { field in field.schema.map { (field.name, $0) } }
    }
}
