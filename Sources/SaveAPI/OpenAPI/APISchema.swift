internal import SavePlatform

/// The shapes of answers by their names. Every answer that a test of this API gets is compared with its shape.
enum APISchema {
    static let answers: JSONObject = {
        var schemas = JSONObject()
        for part in [
            ServerSchemas.all, RepositorySchemas.all, PackageSchemas.all, PolicySchemas.all, AccountSchemas.all, JobSchemas.all,
            AdvisorySchemas.all,
        ] {
            for (name, schema) in part { schemas[name] = .object(schema.json) }
        }
        for (list, item) in lists { schemas[list] = .object(Schema.page(of: item).json) }
        return schemas
    }()

    /// The members that items of a list have, in order; of items of several kinds, those of each.
    static func columns(ofList answer: String) -> [String] {
        // A list may come as something else as well.
        let first = answers[answer]?.object?["anyOf"]?.array?.first?.object?["$ref"]?.string?.split(separator: "/").last
        let list = first.map(String.init) ?? answer
        guard let item = lists.first(where: { $0.key == list })?.value, let schema = answers[item]?.object else { return [] }
        let kinds = schema["oneOf"]?.array?.compactMap { $0.object?["$ref"]?.string?.split(separator: "/").last.map(String.init) }
        var columns: [String] = []
        for kind in kinds ?? [item] {
            let names = answers[kind]?.object?["properties"]?.object?.keys ?? []
            columns += names.filter { !columns.contains($0) }
        }
        return columns
    }

    private static let lists: KeyValuePairs<String, String> = [
        "ProjectList": "Project", "MemberList": "Member", "RepositoryList": "Repository", "PackageList": "PackageSummary",
        "FileList": "File",
        "WaiverList": "Waiver", "UserList": "User", "RobotList": "Robot", "KeyList": "Key", "AuditList": "AuditRecord",
        "DownloadList": "Download",
        "FormatList": "Format",
        "RetiredNameList": "RetiredName", "JobList": "Job", "PolicyList": "Policy",
        "AdvisoryList": "Advisory",
    ]
}
