internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The fields of a repository that a request may send, and which kind each belongs to.
enum RepositoryRules {
    private static let common = [
        FieldRule("description", .text(max: 4096), "What the repository is for."),
        FieldRule("online", .boolean, "Whether it answers package managers; true by default."),
        FieldRule("anonymous_read", .boolean, "Whether anyone may read it without credentials; false by default."),
        FieldRule(
            "audit_downloads", .boolean, "Whether the audit trail tells who downloaded which file; false by default."),
        FieldRule("settings", .object, "The format's own settings."),
    ]
    private static let hosted = [
        FieldRule("allow_redeploy", .boolean, "Hosted: other bytes may take the place of a published file; false by default."),
        FieldRule(
            "max_file_size", .integer(1...(1 << 50)), nullable: true, "Hosted: bytes; null for the server's limit."),
    ]
    private static let proxy = [
        FieldRule(
            "remote_url", .text(max: 2048),
            "Proxy, where it is required: the upstream, http or https, without credentials and without a query.",
            example: "https://index.example.com/"),
        FieldRule("cache_ttl", .integer(0...31_536_000), "Proxy: seconds an index counts as current; 3600 by default."),
        FieldRule(
            "negative_cache_ttl", .integer(0...31_536_000),
            "Proxy: seconds an upstream's \"not found\" is believed; 60 by default."),
        FieldRule(
            "stale_ttl", .integer(0...31_536_000),
            "Proxy: seconds an index is still shown while the upstream fails to confirm it; 2592000 by default."),
        FieldRule(
            "missing_statuses", .list(of: .integer(300...499), max: 20),
            "Proxy: statuses by which the upstream says that it lacks something, besides 404 and 410; such as 403 or 302."),
        FieldRule("remote_username", .text(max: 256), nullable: true, "Proxy: the user name for the upstream."),
        FieldRule(
            "remote_password", .secret(1...4096), nullable: true, "Proxy: the password for the upstream; never read back."),
        FieldRule(
            "allowed_file_hosts", .list(of: .form(.host), max: 100),
            "Proxy: hosts that files may come from; empty for any that the server's guard lets through."),
    ]
    private static let group = [
        FieldRule(
            "members", .list(of: .form(.coordinates), max: 100), "Group: repositories as project/name, in order.",
            example: ["backend/pypi-hosted", "backend/pypi-proxy"]),
        FieldRule("policy", .choice(["first_owner", "union"]), "Group: how members share a name; first_owner by default."),
    ]

    private static let proxyOrGroup = [
        FieldRule(
            "reserved_names", .list(of: .text(max: 214), max: maxReservedNames),
            "Proxy, group: names such as acme-lib or acme-* that are never asked of, or taken from, an upstream.")
    ]

    /// Names and patterns that a repository may reserve.
    static let maxReservedNames = 1000

    static let create = ObjectRule(
        name: "RepositoryCreate",
        fields: identity(RepositoryKind.allCases) + changeable,
        variants: ObjectRule.Variants(
            member: "repository_type",
            rules: [
                ("hosted", ObjectRule(name: "HostedRepositoryCreate", fields: identity([.hosted]) + common + hosted)),
                ("proxy", ObjectRule(name: "ProxyRepositoryCreate", fields: identity([.proxy]) + common + proxy + proxyOrGroup)),
                ("group", ObjectRule(name: "GroupRepositoryCreate", fields: identity([.group]) + common + group + proxyOrGroup)),
            ]))

    private static func identity(_ kinds: [RepositoryKind]) -> [FieldRule] {
        [
            FieldRule(
                "project", .form(.resourceName), required: true, "The project; created when missing, by administrators.",
                example: "backend"),
            FieldRule(
                "name", .form(.resourceName), required: true, "The repository's name in its project.",
                example: .string("pypi-\(kinds.count == 1 ? kinds[0].rawValue : "hosted")")),
            FieldRule(
                "format", .text(max: 32), required: true, "A format of this server, such as pypi or raw.", example: "pypi"),
            FieldRule(
                "repository_type", .choice(kinds.map(\.rawValue)), required: true, "hosted, proxy or group.",
                example: kinds.first.map { .string($0.rawValue) }),
        ]
    }

    static let update = ObjectRule(name: "RepositoryUpdate", fields: changeable)

    private static let changeable = common + hosted + proxy + group + proxyOrGroup

    /// Refuses fields that belong to another kind of repository.
    ///
    /// - Throws: `invalidRequest` naming the field.
    static func checkKind(_ body: JSONObject, _ kind: RepositoryKind) throws {
        let fields: [([RepositoryKind], [FieldRule])] = [
            ([.hosted], hosted), ([.proxy], proxy), ([.group], group), ([.proxy, .group], proxyOrGroup),
        ]
        for (owners, rules) in fields where !owners.contains(kind) {
            guard let field = body.keys.first(where: { key in rules.contains { $0.name == key } }) else { continue }
            let owner = owners.map(\.rawValue).joined(separator: " or ")
            throw SaveError.invalid(field, "'\(field)' belongs to a \(owner) repository; this one is \(kind.rawValue)")
        }
    }

    /// - Throws: `invalidRequest` naming the field.
    static func checkAbility(_ kind: RepositoryKind, _ descriptor: FormatDescriptor) throws {
        let ability: FormatAbilities =
            switch kind {
            case .hosted: .hosted
            case .proxy: .proxy
            case .group: .group
            }
        guard descriptor.abilities.contains(ability) else {
            throw SaveError.invalid("repository_type", "the format '\(descriptor.id)' has no \(kind.rawValue) repositories")
        }
    }

    /// Statuses that already mean something else: not modified, not signed in, slower please.
    private static let meaningful: Set<Int64> = [304, 401, 407, 408, 429]

    /// - Throws: `invalidRequest` naming the element.
    static func missingStatuses(_ values: [JSONValue]) throws -> [Int] {
        let statuses = values.compactMap(\.integer)
        if let index = statuses.firstIndex(where: meaningful.contains) {
            let field = "missing_statuses[\(index)]"
            throw SaveError.invalid(
                field, "'\(field)' must not be \(statuses[index]), which never says that something is missing")
        }
        return Set(statuses).sorted().map { Int(clamping: $0) }
    }

    /// The patterns of `reserved_names`, spelled as the format spells names.
    ///
    /// - Throws: `invalidRequest` naming the element.
    static func reservedNames(_ values: [JSONValue], _ format: any RepositoryFormat) throws -> [NamePattern] {
        guard let naming = format as? any PackageNaming else {
            guard values.isEmpty else {
                throw SaveError.invalid("reserved_names", "packages of this format have no names that could be reserved")
            }
            return []
        }
        var patterns: [NamePattern] = []
        for (index, value) in values.enumerated() {
            guard let pattern = NamePattern(value.string ?? "", for: naming) else {
                let field = "reserved_names[\(index)]"
                throw SaveError.invalid(field, "'\(field)' must be a package's name, or the beginning of names with * behind it")
            }
            if !patterns.contains(pattern) { patterns.append(pattern) }
        }
        return patterns
    }

    /// - Parameter outbound: which addresses may be asked; nil where nobody knows.
    /// - Throws: `invalidRequest` naming `remote_url`.
    static func checkRemote(_ url: String, _ outbound: AddressGuard?) throws {
        let bytes = Array(url.utf8)
        let scheme = ASCII.lowercased(url).utf8
        guard scheme.starts(with: "http://".utf8) || scheme.starts(with: "https://".utf8),
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }),
            URLOrigin(of: url) != nil
        else { throw SaveError.invalid("remote_url", "'remote_url' must be an absolute http or https URL") }
        let start = scheme.starts(with: "https://".utf8) ? 8 : 7
        let authority = bytes.dropFirst(start).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw SaveError.invalid(
                "remote_url", "credentials belong in remote_username and remote_password, not in 'remote_url'")
        }
        // A query there is a token as a rule. It would be kept in clear and shown, and no request to the upstream would carry it.
        guard !bytes.contains(UInt8(ascii: "?")) else {
            throw SaveError.invalid(
                "remote_url",
                "'remote_url' must not have a query, which may hold a secret: a token goes into remote_password, with what the upstream wants beside it in remote_username"
            )
        }
        // A name may come to mean another address, an address does not.
        if let outbound, let host = URLOrigin(of: url)?.host, IPAddress(host: host) != nil, !outbound.allowsByName(host) {
            throw SaveError.invalid("remote_url", AddressGuard.refusal(of: host).message)
        }
    }
}
