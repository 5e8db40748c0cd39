internal import SaveAccess
internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

/// Applies what a request sent to a repository's record, inside the transaction that stores it.
struct RepositoryDraft {
    var record: RepositoryRecord
    let body: JSONObject
    let call: APICall

    /// What the format says of a repository: that it takes these settings, and how it spells the names to reserve.
    struct Approval: Sendable {
        fileprivate let settings: JSONObject
        /// nil where the request names none.
        fileprivate let reservedNames: [NamePattern]?
    }

    /// Asks the format, outside of any transaction.
    ///
    /// - Parameter settings: those of the repository as it is; what the request sends counts before them.
    /// - Throws: `invalidRequest` or `unknownField`, naming the field, for what does not fit the kind or the format.
    static func ask(
        _ type: IsolatedFormat<any RepositoryFormat.Type>, _ kind: RepositoryKind, _ settings: JSONObject, _ body: JSONObject
    ) async throws -> Approval {
        try RepositoryRules.checkKind(body, kind)
        let settings = body["settings"]?.object ?? settings
        let names = body["reserved_names"]?.array
        return try await type.ask { type in
            let format = try type.init(settings: settings)
            return Approval(
                settings: settings, reservedNames: try names.map { try RepositoryRules.reservedNames($0, format) })
        }
    }

    /// Changes `record`.
    ///
    /// - Throws: `invalidRequest` or `unknownField`, naming the field; `RevisionConflict` where the format was asked about other
    ///   settings.
    mutating func apply(_ approval: Approval, in reading: any CatalogueReading) throws {
        if let settings = body["settings"]?.object {
            // The format may find the upstream's index elsewhere by them.
            if settings != record.settings { record.proxy.resolvedURL = nil }
            record.settings = settings
        }
        guard record.settings == approval.settings else { throw RevisionConflict() }
        let reserved = approval.reservedNames
        switch record.kind {
        case .hosted: break
        case .proxy:
            try applyRemote()
            if let reserved { record.proxy.reservedNames = reserved }
        case .group:
            let before = record.group
            try applyMembers(in: reading)
            if let reserved { record.group.reservedNames = reserved }
            if body["members"] != nil || reserved != nil { try bind(since: before, in: reading) }
        }
        for field in RepositoryField.all {
            if let value = body[field.name] { try field.write?(&record, value) }
        }
    }

    /// Keeps which members the reserved names keep from taking such packages: those that the caller manages. What was agreed to before
    /// stands as long as no names come in addition.
    private mutating func bind(since before: GroupSettings, in reading: any CatalogueReading) throws {
        let reach = try reading.reach(of: record.group.members)
        var bound = try call.asOfNow().caller.managed(reach)
        if record.group.reservedNames.allSatisfy(before.reservedNames.contains) { bound.formUnion(before.boundMembers) }
        record.group.boundMembers = bound.intersection(reach).sorted()
    }

    private mutating func applyRemote() throws {
        if let url = body["remote_url"]?.string {
            try RepositoryRules.checkRemote(url, call.context.outbound)
            try moveRemote(to: url)
        }
        guard !record.proxy.remoteURL.isEmpty else {
            throw SaveError.invalid("remote_url", "the field 'remote_url' is missing")
        }
        if let password = body["remote_password"] {
            record.proxy.sealedPassword = try password.string.map {
                Hex.encode(try Secrets.seal(Array($0.utf8), key: call.context.serverKey))
            }
        }
    }

    /// A stored password was meant for the host that was configured with it: a caller that points the repository elsewhere has
    /// to say it again, or that there is none.
    private mutating func moveRemote(to url: String) throws {
        guard url != record.proxy.remoteURL else { return }
        if record.proxy.sealedPassword != nil, URLOrigin(of: url) != URLOrigin(of: record.proxy.remoteURL),
            body["remote_password"] == nil
        {
            throw SaveError.invalid(
                "remote_password", "'remote_url' names another server: send 'remote_password' with it, or null")
        }
        record.proxy.remoteURL = url
        record.proxy.resolvedURL = nil
    }

    private mutating func applyMembers(in reading: any CatalogueReading) throws {
        guard let names = body["members"]?.array?.compactMap(\.string) else { return }
        var members: [Int64] = []
        for (index, name) in names.enumerated() {
            let field = "members[\(index)]"
            // A member that the caller may not read is answered like one that does not exist.
            guard let known = call.caller.repository(coordinates: name) else {
                throw SaveError.invalid(field, "there is no repository '\(AuditName.bounded(name))'")
            }
            let member = try reading.current(known)
            guard member.format == record.format else {
                throw SaveError.invalid(field, "'\(name)' has the format \(member.format), the group \(record.format)")
            }
            guard !members.contains(member.id) else { throw SaveError.invalid(field, "'\(name)' is a member twice") }
            members.append(member.id)
        }
        guard try record.id == 0 || !reading.reach(of: members).contains(record.id) else {
            throw SaveError.invalid("members", "the group would be a member of itself")
        }
        record.group.members = members
    }
}
