internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

extension RepositoryField {
    /// Every field besides those that say which repository it is and since when.
    static let all: [RepositoryField] = common + [settings] + own

    /// What repositories of every kind have.
    static let common: [RepositoryField] = [
        RepositoryField(\.description, FieldRule("description", .text(max: 4096), "What the repository is for.")),
        RepositoryField(
            \.online, FieldRule("online", .boolean, "Whether it answers package managers; true by default.")),
        RepositoryField(
            \.anonymousRead,
            FieldRule("anonymous_read", .boolean, "Whether anyone may read it without credentials; false by default."),
            isToldOfNew: true),
        RepositoryField(
            \.auditDownloads,
            FieldRule(
                "audit_downloads", .boolean,
                "Whether the audit trail tells who downloaded which file; false by default."),
            isToldOfNew: true),
    ]

    static let settings = RepositoryField(
        FieldRule("settings", .object, "The format's own settings."), schema: .object, read: { .object($0.settings) })

    /// What repositories of some kinds have.
    static let own: [RepositoryField] = hosted + proxy + group + proxyOrGroup

    private static let hosted: [RepositoryField] = [
        RepositoryField(
            \.hosted.allowRedeploy, of: [.hosted],
            FieldRule(
                "allow_redeploy", .boolean,
                "Hosted: other bytes may take the place of a published file; false by default.")),
        RepositoryField(
            \.hosted.maxFileSize, of: [.hosted],
            FieldRule(
                "max_file_size", .integer(1...(1 << 50)), nullable: true, "Hosted: bytes; null for the server's limit.")),
    ]

    private static let proxy: [RepositoryField] = [
        RepositoryField(
            FieldRule(
                "remote_url", .text(max: 2048),
                "Proxy, where it is required: the upstream, http or https, without credentials and without a query.",
                example: "https://index.example.com/"),
            of: [.proxy], schema: Schema.text.forManagers, read: { .string($0.proxy.remoteURL) },
            show: { _, repository in .string(withoutQuery(repository.record.proxy.remoteURL)) }),
        RepositoryField(
            inAnswers: "resolved_url", of: [.proxy], schema: Schema.text.orNull.forManagers,
            show: { _, repository in JSONValue(repository.record.proxy.resolvedURL.map(withoutQuery)) }),
        RepositoryField(inAnswers: "upstream_state", of: [.proxy], schema: Schema.named("UpstreamState").ifAny),
        RepositoryField(inAnswers: "warnings", of: [.proxy], schema: Schema.list(of: .text).forManagers),
        RepositoryField(
            \.proxy.cacheTTL, of: [.proxy],
            FieldRule("cache_ttl", .integer(0...31_536_000), "Proxy: seconds an index counts as current; 3600 by default.")),
        RepositoryField(
            \.proxy.negativeCacheTTL, of: [.proxy],
            FieldRule(
                "negative_cache_ttl", .integer(0...31_536_000),
                "Proxy: seconds an upstream's \"not found\" is believed; 60 by default.")),
        RepositoryField(
            \.proxy.staleTTL, of: [.proxy],
            FieldRule(
                "stale_ttl", .integer(0...31_536_000),
                "Proxy: seconds an index is still shown while the upstream fails to confirm it; 2592000 by default.")),
        RepositoryField(
            FieldRule(
                "missing_statuses", .list(of: .integer(300...499), max: 20),
                "Proxy: statuses by which the upstream says that it lacks something, besides 404 and 410; such as 403 or 302."),
            of: [.proxy], schema: .list(of: .integer(300...499)),
            read: { .array($0.proxy.missingStatuses.map { .integer(Int64($0)) }) },
            write: { $0.proxy.missingStatuses = try RepositoryRules.missingStatuses($1.array ?? []) }),
        RepositoryField(
            \.proxy.remoteUsername, of: [.proxy],
            FieldRule("remote_username", .text(max: 256), nullable: true, "Proxy: the user name for the upstream."),
            isForManagers: true),
        RepositoryField(
            FieldRule(
                "remote_password", .secret(1...4096), nullable: true,
                "Proxy: the password for the upstream; to a registry of Cargo without remote_username, the token. Never read back."
            ),
            of: [.proxy], schema: nil),
        RepositoryField(
            FieldRule(
                "allowed_file_hosts", .list(of: .form(.host), max: 100),
                "Proxy: hosts that files may come from, and indexes where the upstream's configuration says so; empty for files from any that the server's guard lets through, and no indexes."
            ),
            of: [.proxy], schema: Schema.list(of: .text).forManagers,
            read: { .array($0.proxy.allowedFileHosts.map(JSONValue.string)) },
            write: { $0.proxy.allowedFileHosts = ($1.array ?? []).compactMap { $0.string.map(ASCII.lowercased) } }),
    ]

    private static let group: [RepositoryField] = [
        RepositoryField(
            FieldRule(
                "members", .list(of: .form(.coordinates), max: 100), "Group: repositories as project/name, in order.",
                example: ["backend/pypi-hosted", "backend/pypi-proxy"]),
            of: [.group], schema: .list(of: .text), read: { .array($0.group.members.map(JSONValue.integer)) },
            show: { call, repository in
                .array(call.caller.members(of: repository).map { .string($0.record.coordinates) })
            }),
        RepositoryField(
            \.group.policy, of: [.group],
            FieldRule("policy", .choice(["first_owner", "union"]), "Group: how members share a name; first_owner by default.")),
    ]

    /// What proxies and groups have, and what stands behind it in a group.
    private static let proxyOrGroup: [RepositoryField] = [
        RepositoryField(
            FieldRule(
                "reserved_names", .list(of: .text(max: 214), max: RepositoryRules.maxReservedNames),
                "Proxy, group: names such as acme-lib or acme-* that are never asked of, or taken from, an upstream."),
            of: [.proxy, .group], schema: .list(of: .text),
            read: { .array(($0.proxy.reservedNames + $0.group.reservedNames).map { .string($0.rawValue) }) }),
        RepositoryField(inAnswers: "warnings", of: [.group], schema: .list(of: .text)),
    ]

    /// What was stored before queries were refused, or found by a redirect.
    private static func withoutQuery(_ url: String) -> String {
        url.utf8.contains(UInt8(ascii: "?")) ? URLReference.shown(url) : url
    }
}
