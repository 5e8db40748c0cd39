package import SavePlatform

/// A repository and all of its settings.
package struct RepositoryRecord: Sendable, Equatable {
    package var id: Int64
    package var projectID: Int64
    /// The project's name, joined in by the store when reading.
    package var project: String
    package var name: String
    package var format: String
    package var kind: RepositoryKind
    package var description = ""
    package var online = true
    package var anonymousRead: Bool
    /// Whether the audit trail tells who downloaded which file.
    package var auditDownloads = false
    package var hosted = HostedSettings()
    package var proxy = ProxySettings()
    package var group = GroupSettings()
    /// The format's own settings.
    package var settings = JSONObject()
    package var created: Timestamp
    package var updated: Timestamp

    package init(
        id: Int64 = 0, projectID: Int64, project: String, name: String, format: String, kind: RepositoryKind,
        anonymousRead: Bool = false, created: Timestamp, updated: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.project = project
        self.name = name
        self.format = format
        self.kind = kind
        self.anonymousRead = anonymousRead
        self.created = created
        self.updated = updated
    }

    /// `project/name`, as the REST API and the audit trail write it.
    package var coordinates: String { "\(project)/\(name)" }
}

/// What a repository does.
package enum RepositoryKind: String, Sendable, Hashable, CaseIterable, Codable {
    case hosted, proxy, group
}

/// Settings of a hosted repository.
package struct HostedSettings: Sendable, Equatable, Codable {
    /// Whether other bytes may take the place of a published file.
    package var allowRedeploy = false
    /// Bytes; nil for the server's limit.
    package var maxFileSize: Int64?
    package init() {}
}

/// Settings of a proxy repository.
package struct ProxySettings: Sendable, Equatable, Codable {
    package var remoteURL = ""
    /// The index base that probing found; nil until then.
    package var resolvedURL: String?
    /// Seconds for which an index counts as current.
    package var cacheTTL: Int64 = 3600
    /// Seconds for which an upstream's "not found" is believed.
    package var negativeCacheTTL: Int64 = 60
    package var remoteUsername: String?
    /// Sealed under the server's key, in hexadecimal. Never read back by clients.
    package var sealedPassword: String?
    /// Hosts that files may come from; empty for any that the server's guard lets through.
    package var allowedFileHosts: [String] = []
    /// Statuses of an upstream's answer, besides 404 and 410, that mean that it does not have what was asked for.
    package var missingStatuses: [Int] = []
    /// Seconds since an upstream last confirmed an index for which it is still shown while the upstream fails; 30 days.
    package var staleTTL: Int64 = 2_592_000
    /// Names that the upstream is never asked for and that nothing of its is taken under.
    package var reservedNames: [NamePattern] = []
    package init() {}

    package func meansMissing(_ status: Int) -> Bool { status == 404 || status == 410 || missingStatuses.contains(status) }
}

/// Settings of a group.
package struct GroupSettings: Sendable, Equatable, Codable {
    /// How members share a name.
    package enum Policy: String, Sendable, Codable {
        /// The first member that has the package answers alone.
        case firstOwner = "first_owner"
        /// Members' listings are merged, the first to have a file wins. Open to dependency confusion.
        case union
    }

    /// Ids of repositories, in order.
    package var members: [Int64] = []
    package var policy: Policy = .firstOwner
    /// Names that only members that host answer for, whether they have them or not.
    package var reservedNames: [NamePattern] = []
    /// Ids of hosted repositories that the group reaches and whose project agreed to the reserved names: a caller that manages it
    /// has set them.
    package var boundMembers: [Int64] = []
    package init() {}
}
