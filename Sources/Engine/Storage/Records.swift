package import SavePlatform

/// A project: it owns repositories and the roles that accounts have there.
package struct ProjectRecord: Sendable, Equatable {
    package var id: Int64
    package var name: String
    package var description: String
    package var created: Timestamp
    package var updated: Timestamp

    package init(id: Int64 = 0, name: String, description: String = "", created: Timestamp, updated: Timestamp) {
        self.id = id
        self.name = name
        self.description = description
        self.created = created
        self.updated = updated
    }
}

/// Someone's role in a project.
package struct MemberRecord: Sendable, Equatable {
    package var project: Int64
    package var principal: PrincipalName
    package var role: ProjectRole

    package init(project: Int64, principal: PrincipalName, role: ProjectRole) {
        self.project = project
        self.principal = principal
        self.role = role
    }
}

/// A person's account.
package struct UserRecord: Sendable, Equatable {
    package var id: Int64
    package var username: String
    /// An encoded argon2id hash.
    package var passwordHash: String
    package var role: SystemRole
    package var disabled: Bool
    package var created: Timestamp
    package var updated: Timestamp

    package init(
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
package struct RobotRecord: Sendable, Equatable {
    package var id: Int64
    /// Without the `sa$`.
    package var name: String
    package var description: String
    package var disabled: Bool
    /// The project it belongs to, if it is not global.
    package var project: Int64?
    package var created: Timestamp
    package var updated: Timestamp

    package init(
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
package struct KeyRecord: Sendable, Equatable {
    /// The public part of the key's text.
    package var id: String
    package var owner: PrincipalName
    /// HMAC-SHA-256 of the whole key under the server's own key.
    package var hash: [UInt8]
    package var description: String
    package var scopes: [KeyScope]
    package var expires: Timestamp?
    package var created: Timestamp

    package init(
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
    package func hasEnded(at now: Timestamp) -> Bool { expires.map { now >= $0 } ?? false }
}

/// A package of a repository.
package struct PackageRecord: Sendable, Equatable {
    package var repository: Int64
    package var id: PackageID
    package var displayName: String
    package var attributes: JSONObject
    package var created: Timestamp
    package var updated: Timestamp
    /// The number of the last change of the package or of its uploaded files. The store gives it: what is put does not count.
    package var serial: Int64 = 0
    /// The `serial` of the last change of its attributes, or of its first record. The store gives it as well.
    package var attributesSerial: Int64 = 0

    package init(
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
package struct StoredAsset: Sendable, Equatable {
    package var repository: Int64
    package var record: AssetRecord
    package var blob: BlobDigest
    package var size: Int64
    /// The publisher; nil where a proxy fetched it.
    package var uploadedBy: String?
    package var created: Timestamp

    package init(repository: Int64, record: AssetRecord, blob: BlobDigest, size: Int64, uploadedBy: String?, created: Timestamp) {
        self.repository = repository
        self.record = record
        self.blob = blob
        self.size = size
        self.uploadedBy = uploadedBy
        self.created = created
    }
}

/// The name of a file that was published and then deleted. Clients and other servers may still hold the file under it.
package struct RetiredName: Sendable, Equatable {
    package var repository: Int64
    package var path: AssetPath
    package var package: PackageID?
    /// `AssetRecord.identity` of the file.
    package var identity: String?
    /// The bytes the name stood for. They are not kept.
    package var blob: BlobDigest
    package var retiredBy: String
    package var retired: Timestamp

    package init(
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
package struct CachedIndex: Sendable, Equatable {
    package var repository: Int64
    /// `IndexKey.text`.
    package var key: String
    package var blob: BlobDigest
    /// The final URL and type, as `UpstreamDocument` wants them.
    package var url: String
    package var contentType: String?
    package var etag: String?
    package var lastModified: String?
    /// When the document changed.
    package var fetched: Timestamp
    /// When the upstream last said it is current.
    package var verified: Timestamp

    package init(
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
package struct StoreCounts: Sendable, Equatable {
    package var projects: Int64 = 0
    package var repositories: Int64 = 0
    package var packages: Int64 = 0
    /// Files without their sidecars.
    package var files: Int64 = 0
    package var sidecars: Int64 = 0
    /// The sum of the sizes of files and sidecars, shared blobs counted each time.
    package var logicalBytes: Int64 = 0

    package init() {}
}

/// What blobs are needed in all. Takes a look at every record.
package struct StoreStatistics: Sendable, Equatable {
    /// Blobs that are needed, each once, and the sum of their sizes; those of cached indexes count as empty.
    package var referencedBlobs: Int64 = 0
    package var referencedBytes: Int64 = 0

    package init() {}
}

/// When a key was last used, and from where.
///
/// Not a part of the key's record: a use changes nothing about what the key may do, and is written at other times.
package struct KeyUse: Sendable, Equatable {
    /// The public part of the key's text.
    package var key: String
    package var time: Timestamp
    /// The client's address, as people write it.
    package var address: String

    package init(key: String, time: Timestamp, address: String) {
        self.key = key
        self.time = time
        self.address = address
    }
}
