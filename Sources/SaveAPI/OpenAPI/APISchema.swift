internal import SavePlatform

/// The shapes of answers. Tests compare them with what the server sends.
enum APISchema {
    /// What a member of an answer is.
    private enum Shape {
        case text, optionalText, flag, number, optionalNumber, time, optionalTime, texts, numbers, object, any
        case named(String), list(String)
    }

    static let answers: JSONObject = {
        var schemas = JSONObject()
        for (name, members, optional) in definitions { schemas[name] = schema(members, optional: optional) }
        for name in [
            "Project", "Member", "Repository", "PackageSummary", "User", "Robot", "Key", "AuditRecord", "Format",
            "RetiredName",
        ] {
            let list = name == "PackageSummary" ? "PackageList" : name == "AuditRecord" ? "AuditList" : "\(name)List"
            schemas[list] = [
                "type": "object",
                "properties": [
                    "items": ["type": "array", "items": OpenAPIDocument.reference(name)],
                    "next": ["type": ["string", "null"], "description": "The cursor for 'after', where there is more."],
                ],
                "required": ["items", "next"],
            ]
        }
        return schemas
    }()

    private typealias Members = KeyValuePairs<String, Shape>

    /// Name, members, and which of them not every such object has.
    private static let definitions: [(String, Members, Set<String>)] = [
        ("Error", ["error": .named("ErrorBody")], []),
        ("ErrorBody", ["code": .text, "message": .text, "request_id": .text, "details": .object], []),
        ("Project", ["name": .text, "description": .text, "created_at": .time, "updated_at": .time], []),
        ("Member", ["principal": .text, "role": .text], []),
        (
            "Repository",
            [
                "project": .text, "name": .text, "format": .text, "repository_type": .text, "description": .text,
                "online": .flag, "anonymous_read": .flag, "created_at": .time, "updated_at": .time, "url": .text,
                "settings": .object, "allow_redeploy": .flag, "max_file_size": .optionalNumber, "remote_url": .text,
                "resolved_url": .optionalText, "upstream_state": .any, "cache_ttl": .number, "negative_cache_ttl": .number,
                "remote_username": .optionalText, "allowed_file_hosts": .texts, "members": .texts, "policy": .text,
                "reserved_names": .texts, "warnings": .texts, "stale_ttl": .number, "missing_statuses": .numbers,
            ],
            [
                "allow_redeploy", "max_file_size", "remote_url", "resolved_url", "upstream_state", "cache_ttl",
                "negative_cache_ttl", "remote_username", "allowed_file_hosts", "members", "policy", "reserved_names", "warnings",
                "stale_ttl",
                "missing_statuses",
            ]
        ),
        ("Probe", [:], []),
        ("PackageSummary", ["name": .text, "display_name": .text, "created_at": .time, "updated_at": .time], []),
        (
            "Package",
            [
                "name": .text, "display_name": .text, "created_at": .time, "updated_at": .time,
                "attributes": .object, "versions": .list("VersionSummary"),
            ], []
        ),
        (
            "VersionSummary",
            [
                "version": .text, "files": .number, "size": .number, "created_at": .time, "updated_at": .time,
                "yanked": .flag, "yanked_reason": .optionalText,
            ], []
        ),
        (
            "PackageVersion",
            [
                "name": .text, "display_name": .text, "version": .text, "size": .number, "created_at": .time,
                "updated_at": .time, "yanked": .flag, "yanked_reason": .optionalText, "files": .list("File"),
            ], []
        ),
        (
            "File",
            [
                "filename": .text, "path": .text, "size": .number, "digests": .object, "content_type": .optionalText,
                "published_at": .optionalTime, "created_at": .time, "uploaded_by": .optionalText, "yanked": .flag,
                "yanked_reason": .optionalText,
            ], []
        ),
        (
            "Explanation",
            [
                "package": .text, "repository": .text, "repository_type": .text, "policy": .optionalText,
                "answered_by": .texts, "rule": .optionalText, "reason": .optionalText, "members": .list("ExplainedMember"),
                "files": .list("ExplainedFile"),
            ], []
        ),
        (
            "ExplainedMember",
            [
                "repository": .text, "repository_type": .text, "state": .text, "rule": .optionalText,
                "reason": .optionalText, "upstream": .any,
            ], []
        ),
        (
            "ExplainedFile",
            [
                "filename": .text, "path": .text, "version": .optionalText, "repository": .text, "state": .text,
                "rule": .optionalText, "reason": .optionalText, "size": .optionalNumber, "digests": .object,
                "origin": .optionalText, "stored": .flag, "stored_at": .optionalTime, "uploaded_by": .optionalText,
                "published_at": .optionalTime, "yanked": .flag, "yanked_reason": .optionalText,
            ], []
        ),
        ("RetiredName", ["filename": .text, "path": .text, "sha256": .text, "retired_by": .text, "retired_at": .time], []),
        ("User", ["username": .text, "role": .text, "disabled": .flag, "created_at": .time, "updated_at": .time], []),
        (
            "Robot",
            [
                "name": .text, "username": .text, "description": .text, "disabled": .flag, "project": .optionalText,
                "created_at": .time, "updated_at": .time,
            ], []
        ),
        ("Scope", ["resource": .optionalText, "permissions": .texts], []),
        (
            "Key",
            [
                "id": .text, "owner": .text, "description": .text, "scopes": .list("Scope"), "expires_at": .optionalTime,
                "created_at": .time,
            ], []
        ),
        (
            "NewKey",
            [
                "id": .text, "owner": .text, "description": .text, "scopes": .list("Scope"), "expires_at": .optionalTime,
                "created_at": .time, "key": .text,
            ], []
        ),
        (
            "CurrentUser",
            ["username": .text, "kind": .text, "role": .optionalText, "key": .any, "projects": .list("ProjectPermissions")], []
        ),
        ("ProjectPermissions", ["project": .text, "role": .optionalText, "permissions": .texts], []),
        ("Format", ["id": .text, "name": .text, "contract_version": .number, "abilities": .texts], []),
        (
            "AuditRecord",
            [
                "id": .number, "time": .time, "actor": .text, "actor_kind": .text, "action": .text, "resource_type": .text,
                "resource": .text, "outcome": .text, "source_ip": .text, "user_agent": .text, "request_id": .text,
                "details": .object, "hash": .text, "previous_hash": .text,
            ], []
        ),
        ("AuditVerification", ["ok": .flag, "checked": .number, "broken_at": .optionalNumber, "problem": .optionalText], []),
        (
            "Statistics",
            [
                "projects": .number, "repositories": .number, "packages": .number, "files": .number, "users": .number,
                "robots": .number, "logical_bytes": .number, "referenced_bytes": .number, "physical_bytes": .number,
                "reclaimable_bytes": .number,
            ], []
        ),
        ("Collection", [:], []),
    ]

    private static func schema(_ members: Members, optional: Set<String>) -> JSONValue {
        var properties = JSONObject()
        for (name, shape) in members { properties[name] = schema(shape) }
        let required = members.map(\.key).filter { !optional.contains($0) }
        return ["type": "object", "properties": .object(properties), "required": .array(required.map(JSONValue.string))]
    }

    private static func schema(_ shape: Shape) -> JSONValue {
        switch shape {
        case .text: ["type": "string"]
        case .optionalText: ["type": ["string", "null"]]
        case .flag: ["type": "boolean"]
        case .number: ["type": "integer"]
        case .optionalNumber: ["type": ["integer", "null"]]
        case .time: ["type": "string", "format": "date-time"]
        case .optionalTime: ["type": ["string", "null"], "format": "date-time"]
        case .texts: ["type": "array", "items": ["type": "string"]]
        case .numbers: ["type": "array", "items": ["type": "integer"]]
        case .object: ["type": "object"]
        case .any: [:]
        case .named(let name): OpenAPIDocument.reference(name)
        case .list(let name): ["type": "array", "items": OpenAPIDocument.reference(name)]
        }
    }
}
