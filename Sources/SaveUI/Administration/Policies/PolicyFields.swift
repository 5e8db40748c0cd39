internal import SaveAccess
internal import SaveAdvisories
internal import SavePlatform
internal import SaveStorage

/// What a policy is made of, as people write it.
enum PolicyFields {
    static func all(isNew: Bool, _ call: PageCall) -> [FormField] {
        let scope = FormField("scope", "It counts in", .choice(scopes(call)))
        return [FormField("name", "Name", hint: "Clients are told it: cooldown-7d.", required: true)] + (isNew ? [scope] : [])
            + [FormField("description", "What it is for", hint: "Clients may be told the first line.")] + decision + match
            + rest(isNew: isNew)
    }

    private static func scopes(_ call: PageCall) -> [FormField.Choice] {
        let projects = call.viewer.managedProjects.map { FormField.Choice("project:\($0.name)", "the project \($0.name)") }
        let repositories = call.viewer.managedRepositories.map(\.record).filter {
            $0.kind != .group && call.viewer.manages(project: $0.project)
        }
        .map { FormField.Choice("repository:\($0.coordinates)", "the repository \($0.coordinates)") }
        return (call.viewer.administersAll ? [FormField.Choice("server", "the whole server")] : []) + projects + repositories
    }

    private static let decision = [
        FormField(
            "action", "What it does",
            .choice([
                FormField.Choice("deny", "deny: clients do not get the file"),
                FormField.Choice("warn", "warn: they get it, and it is noted"),
                FormField.Choice("allow", "allow: they get it, whatever comes later"),
            ])),
        FormField("dry_run", "Only note what it would do", .flag, hint: "The audit trail has it, and clients notice nothing."),
        FormField("enabled", "It counts", .flag),
    ]

    /// All of these must hold.
    private static let match = [
        FormField(
            "match.packages", "Packages", .list, hint: "One a line: acme-lib, acme-* or pkg:npm/acme-*. Empty for all.",
            empty: .nothing
        ).under("Which files it is about: all that is said here must hold"),
        FormField(
            "match.younger_than", "Published a shorter time ago than", hint: "7d, 36h, 2w. Empty for any age.", empty: .nothing),
        FormField("match.malware", "An advisory calls it harmful", .flag, empty: .nothing),
        FormField(
            "match.min_severity", "An advisory affects it, of at least this severity",
            .choice(
                [FormField.Choice("", "whatever advisories say")] + AdvisorySeverity.allCases.map { FormField.Choice($0.name) }),
            empty: .nothing),
        FormField("match.versions", "Versions", hint: "A range as clients write it: >=1.0,<2", empty: .nothing, rare: true),
        FormField(
            "match.licenses", "Licences", .list, hint: "One a line, by SPDX: AGPL-*, unknown.", empty: .nothing, rare: true),
        FormField(
            "match.advisories", "One of these advisories affects it", .list, hint: "One a line, by its id or an alias.",
            empty: .nothing,
            rare: true),
        FormField(
            "match.upstream_anomaly", "The upstream did something odd with it", .list,
            hint: "any, or one a line: " + UpstreamAnomalyKind.allCases.map(\.rawValue).joined(separator: ", "), empty: .nothing,
            rare: true),
        FormField("match.exempt_fixes", "Not versions that mend an advisory", .flag, empty: .nothing, rare: true),
        FormField(
            "match.missing_time", "The age of files without a time",
            .choice([
                FormField.Choice("", "since this server first knew of them"), FormField.Choice("deny", "too young, for ever"),
                FormField.Choice("allow", "old enough"),
            ]), empty: .nothing, rare: true),
    ]

    private static func rest(isNew: Bool) -> [FormField] {
        [
            FormField(
                "priority", "Priority", .number,
                hint: "Of the policies that match, the lowest number decides. 100 unless said, 1000 in a project or repository.",
                empty: isNew ? .nothing : .itself,
                rare: true),
            FormField(
                "presentation", "Where it denies, pages of packages",
                .choice([
                    FormField.Choice("yanked", "list the file as yanked, with the reason"),
                    FormField.Choice("omit", "leave it out"),
                ]),
                rare: true),
            FormField("include_hosted", "It counts for hosted files as well", .flag, rare: true),
        ]
    }

    static let standard: JSONObject = ["action": "deny", "enabled": true, "dry_run": true, "presentation": "yanked"]

    /// The body for the REST API.
    static func body(isNew: Bool, _ call: PageCall) -> JSONObject {
        var body = AdministrationForm.body(all(isNew: isNew, call), call)
        var match = body["match"]?.object ?? JSONObject()
        // The API says `true` where people say any.
        if match["upstream_anomaly"] == ["any"] { match["upstream_anomaly"] = true }
        body["match"] = .object(match)
        return body
    }

    /// What the REST API says, as the form has it.
    static func values(_ policy: JSONObject) -> JSONObject {
        var values = policy
        var match = policy["match"]?.object ?? JSONObject()
        if match["upstream_anomaly"] == true { match["upstream_anomaly"] = ["any"] }
        if match["missing_time"] == "first_seen" { match["missing_time"] = nil }
        values["match"] = .object(match)
        return values
    }
}
