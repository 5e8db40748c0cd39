internal import SavePlatform
internal import SaveStorage

/// Policies, and what they say of packages.
enum PolicySchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Policy": .members([
            "id": .count, "name": .text, "description": .text,
            "scope": Schema.text.described("server, project:NAME or repository:PROJECT/NAME."), "priority": .count,
            "action": .choice(PolicyRecord.Action.allCases.map(\.rawValue)), "dry_run": .flag, "enabled": .flag,
            "presentation": .choice(PolicyRecord.Presentation.allCases.map(\.rawValue)), "include_hosted": .flag,
            "match": .named("PolicyMembers"), "created_at": .time, "updated_at": .time,
        ]),
        "PolicyMembers": .members([
            "packages": Schema.list(of: .text).ifAny, "younger_than": Schema.matching(TextForm.lengthOfTime.pattern).ifAny,
            "missing_time": Schema.choice(PolicyMatch.MissingTime.allCases.map(\.rawValue)).ifAny,
        ]),
    ]
}
