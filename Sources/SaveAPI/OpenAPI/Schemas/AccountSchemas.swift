internal import SavePlatform
internal import SaveStorage

/// Users, robots, keys, and the caller's own account.
enum AccountSchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "User": .members([
            "username": .text, "role": .choice(SystemRole.allCases.map(\.rawValue)), "disabled": .flag, "created_at": .time,
            "updated_at": .time,
        ]),
        "Robot": .members([
            "name": .name, "username": .text, "description": .text, "disabled": .flag, "project": Schema.name.orNull,
            "created_at": .time, "updated_at": .time,
        ]),
        "Scope": .members([
            "resource": Schema.text.orNull.described("project or project/repository; null for all."),
            "permissions": .permissions,
        ]),
        "Key": .closed(key),
        "NewKey": .closed(key + [("key", Schema.text.described("The secret. It is shown this once."))]),
        "CurrentUser": .members([
            "username": .text, "kind": .choice(["user", "robot", "system"]),
            "role": Schema.choice(SystemRole.allCases.map(\.rawValue)).orNull,
            "key": Schema.members(["id": .text, "scopes": .list(of: .named("Scope"))]).orNull,
            "projects": .list(of: .named("ProjectPermissions")),
        ]),
        "ProjectPermissions": .members([
            "project": .name, "role": Schema.projectRole.orNull, "permissions": .permissions,
        ]),
    ]

    private static let key: [(name: String, schema: Schema)] = [
        ("id", .text), ("owner", .text), ("description", .text), ("scopes", .list(of: .named("Scope"))),
        ("expires_at", Schema.time.orNull), ("created_at", .time),
        ("last_used_at", Schema.time.orNull.described("To the minute; null for a key that was never used.")),
        ("last_used_from", Schema.text.orNull.described("The client's address at that time.")),
    ]
}
