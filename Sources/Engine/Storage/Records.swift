/// A project: the owner of repositories and of who may use them.
public struct ProjectRecord: Sendable, Equatable {
    public var id: Int64
    public var name: String
    public var description: String
    public var created: Timestamp
    public var updated: Timestamp

    public init(id: Int64 = 0, name: String, description: String = "", created: Timestamp, updated: Timestamp) {
        self.id = id
        self.name = name
        self.description = description
        self.created = created
        self.updated = updated
    }
}

/// Someone's role in a project.
public struct MemberRecord: Sendable, Equatable {
    public var project: Int64
    public var principal: PrincipalName
    public var role: ProjectRole

    public init(project: Int64, principal: PrincipalName, role: ProjectRole) {
        self.project = project
        self.principal = principal
        self.role = role
    }
}

/// A person's account.
public struct UserRecord: Sendable, Equatable {
    public var id: Int64
    public var username: String
    /// An encoded argon2id hash.
    public var passwordHash: String
    public var role: SystemRole
    public var disabled: Bool
    public var created: Timestamp
    public var updated: Timestamp

    public init(
        id: Int64 = 0, username: String, passwordHash: String, role: SystemRole, disabled: Bool = false, created: Timestamp,
        updated: Timestamp
    ) {
        self.id = id
        self.username = username
        self.passwordHash = passwordHash
        self.role = role
        self.disabled = disabled
        self.created = created
        self.updated = updated
    }
}

/// A machine's account; it signs in as `sa$name` with one of its keys.
public struct RobotRecord: Sendable, Equatable {
    public var id: Int64
    /// Without the `sa$`.
    public var name: String
    public var description: String
    public var disabled: Bool
    /// The project it belongs to, if it is not global.
    public var project: Int64?
    public var created: Timestamp
    public var updated: Timestamp

    public init(
        id: Int64 = 0, name: String, description: String = "", disabled: Bool = false, project: Int64? = nil, created: Timestamp,
        updated: Timestamp
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.disabled = disabled
        self.project = project
        self.created = created
        self.updated = updated
    }
}

/// An API key. The secret itself is never stored.
public struct KeyRecord: Sendable, Equatable {
    /// The public part of the key's text.
    public var id: String
    public var owner: PrincipalName
    /// HMAC-SHA-256 of the whole key under the server's own key.
    public var hash: [UInt8]
    public var description: String
    public var scopes: [KeyScope]
    public var expires: Timestamp?
    public var created: Timestamp

    public init(
        id: String, owner: PrincipalName, hash: [UInt8], description: String = "", scopes: [KeyScope] = [],
        expires: Timestamp? = nil,
        created: Timestamp
    ) {
        self.id = id
        self.owner = owner
        self.hash = hash
        self.description = description
        self.scopes = scopes
        self.expires = expires
        self.created = created
    }

    /// Whether the key is past its end.
    public func hasEnded(at now: Timestamp) -> Bool { expires.map { now >= $0 } ?? false }
}

/// A package of a repository.
public struct PackageRecord: Sendable, Equatable {
    public var repository: Int64
    public var id: PackageID
    public var displayName: String
    public var attributes: JSONObject
    public var created: Timestamp
    public var updated: Timestamp

    public init(
        repository: Int64, id: PackageID, displayName: String, attributes: JSONObject = JSONObject(), created: Timestamp,
        updated: Timestamp
    ) {
        self.repository = repository
        self.id = id
        self.displayName = displayName
        self.attributes = attributes
        self.created = created
        self.updated = updated
    }
}

/// A file of a repository, with the blob that holds its bytes.
public struct StoredAsset: Sendable, Equatable {
    public var repository: Int64
    public var record: AssetRecord
    public var blob: BlobDigest
    public var size: Int64
    /// Who uploaded it; nil where a proxy fetched it.
    public var uploadedBy: String?
    public var created: Timestamp

    public init(repository: Int64, record: AssetRecord, blob: BlobDigest, size: Int64, uploadedBy: String?, created: Timestamp) {
        self.repository = repository
        self.record = record
        self.blob = blob
        self.size = size
        self.uploadedBy = uploadedBy
        self.created = created
    }
}

/// The name of a file that was published and then deleted. Clients and other servers may still hold the file under it.
public struct RetiredName: Sendable, Equatable {
    public var repository: Int64
    public var path: AssetPath
    public var package: PackageID?
    /// `AssetRecord.identity` of the file.
    public var identity: String?
    /// The bytes the name stood for. They are not kept.
    public var blob: BlobDigest
    public var retiredBy: String
    public var retired: Timestamp

    public init(
        repository: Int64, path: AssetPath, package: PackageID?, identity: String?, blob: BlobDigest, retiredBy: String,
        retired: Timestamp
    ) {
        self.repository = repository
        self.path = path
        self.package = package
        self.identity = identity
        self.blob = blob
        self.retiredBy = retiredBy
        self.retired = retired
    }
}

/// An index as an upstream last gave it. The document itself is a blob, as it came.
public struct CachedIndex: Sendable, Equatable {
    public var repository: Int64
    /// `IndexKey.text`.
    public var key: String
    public var blob: BlobDigest
    /// The final URL and type, as `UpstreamDocument` wants them.
    public var url: String
    public var contentType: String?
    public var etag: String?
    public var lastModified: String?
    /// When the document changed.
    public var fetched: Timestamp
    /// When the upstream last said it is current.
    public var verified: Timestamp

    public init(
        repository: Int64, key: String, blob: BlobDigest, url: String, contentType: String?, etag: String?, lastModified: String?,
        fetched: Timestamp, verified: Timestamp
    ) {
        self.repository = repository
        self.key = key
        self.blob = blob
        self.url = url
        self.contentType = contentType
        self.etag = etag
        self.lastModified = lastModified
        self.fetched = fetched
        self.verified = verified
    }
}

/// Counts for operators: known at any time, however much there is.
public struct StoreCounts: Sendable, Equatable {
    public var projects: Int64 = 0
    public var repositories: Int64 = 0
    public var packages: Int64 = 0
    /// Files without their sidecars.
    public var files: Int64 = 0
    public var sidecars: Int64 = 0
    /// The sum of the sizes of files and sidecars, shared blobs counted each time.
    public var logicalBytes: Int64 = 0

    public init() {}
}

/// What blobs are needed in all. Takes a look at every record.
public struct StoreStatistics: Sendable, Equatable {
    /// Blobs that are needed, each once, and the sum of their sizes; those of cached indexes count as empty.
    public var referencedBlobs: Int64 = 0
    public var referencedBytes: Int64 = 0

    public init() {}
}
