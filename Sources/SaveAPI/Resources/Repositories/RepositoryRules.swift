internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What requests may send to make or change a repository: the rules of `RepositoryField`, and what a single value does not tell.
enum RepositoryRules {
    /// Names and patterns that a repository may reserve.
    static let maxReservedNames = 1000

    static let create = ObjectRule(
        name: "RepositoryCreate",
        fields: identity(RepositoryKind.allCases) + RepositoryField.all.compactMap(\.rule),
        variants: ObjectRule.Variants(
            member: "repository_type",
            rules: [
                variant(.hosted, "HostedRepositoryCreate"), variant(.proxy, "ProxyRepositoryCreate"),
                variant(.group, "GroupRepositoryCreate"),
            ]))

    private static func variant(_ kind: RepositoryKind, _ name: String) -> (value: String, rule: ObjectRule) {
        let fields = RepositoryField.all.filter { $0.kinds.contains(kind) }.compactMap(\.rule)
        return (kind.rawValue, ObjectRule(name: name, fields: identity([kind]) + fields))
    }

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

    static let update = ObjectRule(name: "RepositoryUpdate", fields: RepositoryField.all.compactMap(\.rule))

    /// Refuses fields that belong to another kind of repository.
    ///
    /// - Throws: `invalidRequest` naming the field: of those that belong to the same kinds the one that the body has first.
    static func checkKind(_ body: JSONObject, _ kind: RepositoryKind) throws {
        let foreign = RepositoryField.all.filter { !$0.kinds.contains(kind) && body[$0.name] != nil }
        guard let owners = foreign.first?.kinds,
            let field = body.keys.first(where: { key in foreign.contains { $0.name == key && $0.kinds == owners } })
        else { return }
        let owner = owners.map(\.rawValue).joined(separator: " or ")
        throw SaveError.invalid(field, "'\(field)' belongs to a \(owner) repository; this one is \(kind.rawValue)")
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
