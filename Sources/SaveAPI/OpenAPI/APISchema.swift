internal import SavePlatform

/// The shapes of answers by their names. Every answer that a test of this API gets is compared with its shape.
enum APISchema {
    static let answers: JSONObject = {
        var schemas = JSONObject()
        for part in [ServerSchemas.all, RepositorySchemas.all, PackageSchemas.all, AccountSchemas.all] {
            for (name, schema) in part { schemas[name] = .object(schema.json) }
        }
        for (list, item) in lists { schemas[list] = .object(Schema.page(of: item).json) }
        return schemas
    }()

    private static let lists: KeyValuePairs<String, String> = [
        "ProjectList": "Project", "MemberList": "Member", "RepositoryList": "Repository", "PackageList": "PackageSummary",
        "UserList": "User", "RobotList": "Robot", "KeyList": "Key", "AuditList": "AuditRecord", "FormatList": "Format",
        "RetiredNameList": "RetiredName",
    ]
}
