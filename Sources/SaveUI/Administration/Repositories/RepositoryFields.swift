internal import SavePlatform
internal import SaveStorage

/// What can be said of a repository, by its kind.
enum RepositoryFields {
    static func all(of kind: RepositoryKind, isNew: Bool, _ call: PageCall) -> [FormField] {
        let own =
            switch kind {
            case .hosted: hosted
            case .proxy: proxy(isNew: isNew)
            case .group: group(call)
            }
        return [FormField("description", "What it is for")] + own + common(kind)
    }

    private static func common(_ kind: RepositoryKind) -> [FormField] {
        let reserved =
            kind == .hosted
            ? []
            : [
                FormField(
                    "reserved_names", "Reserved names", .list,
                    hint: "Never asked of, or taken from, an upstream. One a line: acme-lib, or acme-* for all that begin so.",
                    rare: true)
            ]
        return [
            FormField("online", "Answers package managers", .flag),
            FormField("anonymous_read", "Everybody may read it without signing in", .flag),
            FormField("audit_downloads", "The audit trail tells who downloaded which file", .flag),
        ] + reserved + [
            FormField(
                "settings", "Settings of the format", .json, hint: "An object of JSON, such as {\"index_path\": \"simple/\"}",
                rare: true)
        ]
    }

    private static let hosted = [
        FormField("allow_redeploy", "Other bytes may take the place of a published file", .flag),
        FormField(
            "max_file_size", "Largest file, in bytes", .number, hint: "Empty for the server's limit.", empty: .null, rare: true),
    ]

    private static func proxy(isNew: Bool) -> [FormField] {
        let seconds = isNew ? FormField.Emptiness.nothing : .itself
        let password = isNew ? [] : [FormField("forget_password", "Forget the password for the upstream", .flag, rare: true)]
        return [
            FormField(
                "remote_url", "Address of the upstream", hint: "http or https, without credentials and without a query.",
                required: true),
            FormField(
                "remote_username", "User name for the upstream", hint: "Empty where it takes none.", empty: .null, rare: true),
            FormField(
                "remote_password", "Password for the upstream", .secret,
                hint: isNew ? "Never shown again." : "Empty to keep the one there is. Never shown.", rare: true),
        ] + password + [
            FormField(
                "cache_ttl", "Seconds for which an index counts as current", .number, hint: "3600 unless said.", empty: seconds,
                rare: true),
            FormField(
                "negative_cache_ttl", "Seconds for which \"not found\" is believed", .number, hint: "60 unless said.",
                empty: seconds,
                rare: true),
            FormField(
                "stale_ttl", "Seconds for which an index is shown while the upstream fails", .number,
                hint: "2592000 unless said.",
                empty: seconds, rare: true),
            FormField(
                "missing_statuses", "Statuses that mean \"not found\", besides 404 and 410", .numbers,
                hint: "One a line, such as 403.",
                rare: true),
            FormField(
                "allowed_file_hosts", "Hosts that files may come from", .list,
                hint: "One a line; empty for any that the server's guard lets through.", rare: true),
        ]
    }

    private static func group(_ call: PageCall) -> [FormField] {
        [
            FormField("members", "Members", .list, hint: "One a line as project/name, in the order in which they are asked."),
            FormField(
                "policy", "Whose name is it",
                .choice([
                    FormField.Choice("first_owner", "the first member that has the name answers for it"),
                    FormField.Choice("union", "files of all members are shown together"),
                ])),
        ]
    }

    /// What a new one has, as far as a form shows it.
    static let standard: JSONObject = ["online": true, "policy": "first_owner"]

    /// The body for the REST API.
    static func body(of kind: RepositoryKind, isNew: Bool, _ call: PageCall) -> JSONObject {
        var body = AdministrationForm.body(all(of: kind, isNew: isNew, call), call)
        // Asked for here, and no field of the API.
        if body["forget_password"]?.bool == true, body["remote_password"] == nil { body["remote_password"] = .null }
        body["forget_password"] = nil
        return body
    }
}

extension FormField.Choice {
    static let kinds = [
        FormField.Choice("proxy", "proxy: keeps what an upstream has"),
        FormField.Choice("hosted", "hosted: takes what you publish"),
        FormField.Choice("group", "group: several others behind one address"),
    ]
}
