/// A repository and all of its settings.
public struct RepositoryRecord: Sendable, Equatable {
    public var id: Int64
    public var projectID: Int64
    /// The project's name, joined in by the store when reading.
    public var project: String
    public var name: String
    public var format: String
    public var kind: RepositoryKind
    public var description: String
    public var online: Bool
    public var anonymousRead: Bool
    /// Whether the audit trail tells who downloaded which file.
    public var auditDownloads: Bool
    public var hosted: HostedSettings
    public var proxy: ProxySettings
    public var group: GroupSettings
    /// The format's own settings.
    public var settings: JSONObject
    public var created: Timestamp
    public var updated: Timestamp

    public init(
        id: Int64 = 0, projectID: Int64, project: String, name: String, format: String, kind: RepositoryKind,
        description: String = "",
        online: Bool = true, anonymousRead: Bool = false, auditDownloads: Bool = false, hosted: HostedSettings = HostedSettings(),
        proxy: ProxySettings = ProxySettings(),
        group: GroupSettings = GroupSettings(), settings: JSONObject = JSONObject(), created: Timestamp, updated: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.project = project
        self.name = name
        self.format = format
        self.kind = kind
        self.description = description
        self.online = online
        self.anonymousRead = anonymousRead
        self.auditDownloads = auditDownloads
        self.hosted = hosted
        self.proxy = proxy
        self.group = group
        self.settings = settings
        self.created = created
        self.updated = updated
    }

    /// `project/name`, as the REST API and the audit trail write it.
    public var coordinates: String { "\(project)/\(name)" }
}

/// What a repository does.
public enum RepositoryKind: String, Sendable, Hashable, CaseIterable, Codable {
    case hosted, proxy, group
}

/// Settings of a hosted repository.
public struct HostedSettings: Sendable, Equatable, Codable {
    /// Whether other bytes may take the place of a published file.
    public var allowRedeploy = false
    /// Bytes; nil for the server's limit.
    public var maxFileSize: Int64?
    public init() {}
}

/// Settings of a proxy repository.
public struct ProxySettings: Sendable, Equatable, Codable {
    public var remoteURL = ""
    /// The index base that probing found; nil until then.
    public var resolvedURL: String?
    /// Seconds for which an index counts as current.
    public var cacheTTL: Int64 = 3600
    /// Seconds for which an upstream's "not found" is believed.
    public var negativeCacheTTL: Int64 = 60
    public var remoteUsername: String?
    /// Sealed under the server's key, in hexadecimal. Never read back by clients.
    public var sealedPassword: String?
    /// Hosts that files may come from; empty for any that the server's guard lets through.
    public var allowedFileHosts: [String] = []
    /// Statuses of an upstream's answer, besides 404 and 410, that mean that it does not have what was asked for.
    public var missingStatuses: [Int] = []
    /// Seconds since an upstream last confirmed an index for which it is still shown while the upstream fails; 30 days.
    public var staleTTL: Int64 = 2_592_000
    /// Names that the upstream is never asked for and that nothing of its is taken under.
    public var reservedNames: [NamePattern] = []
    public init() {}

    func meansMissing(_ status: Int) -> Bool { status == 404 || status == 410 || missingStatuses.contains(status) }
}

/// Settings of a group.
public struct GroupSettings: Sendable, Equatable, Codable {
    /// How members share a name.
    public enum Policy: String, Sendable, Codable {
        /// The first member that has the package answers alone.
        case firstOwner = "first_owner"
        /// Members' listings are merged, the first to have a file wins. Open to dependency confusion.
        case union
    }

    /// Ids of repositories, in order.
    public var members: [Int64] = []
    public var policy: Policy = .firstOwner
    /// Names that only members that host answer for, whether they have them or not.
    public var reservedNames: [NamePattern] = []
    public init() {}
}
