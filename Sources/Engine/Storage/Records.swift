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

/// A rule of an administrator or an owner: which files clients get, and why they do not get others.
package struct PolicyRecord: Sendable, Equatable {
    /// What becomes of a file that a policy matches.
    package enum Action: String, Sendable, Hashable, CaseIterable {
        /// It is given out, whatever policies of a larger number say.
        case allow
        /// The same, and noted.
        case warn
        /// It is refused.
        case deny
    }

    /// What a page shows of a file that is refused.
    package enum Presentation: String, Sendable, Hashable, CaseIterable {
        /// The file, as withdrawn, with the reason.
        case yanked
        /// Nothing.
        case omit
    }

    /// Which repositories a policy is for.
    package enum Scope: Sendable, Hashable {
        case server
        case project(Int64)
        case repository(Int64)
    }

    package var id: Int64
    /// Stands in the reason that clients are told.
    package var name: String
    package var description: String
    package var scope: Scope
    /// Of the policies that match a file the one with the lowest number decides, of equals the older one.
    package var priority: Int64
    package var action: Action
    /// It is noted what it would have done, and nothing else.
    package var isDryRun: Bool
    package var isEnabled: Bool
    package var presentation: Presentation
    /// Whether it counts for hosted files as well.
    package var includesHosted: Bool
    package var match: PolicyMatch
    package var created: Timestamp
    package var updated: Timestamp

    package init(
        id: Int64 = 0, name: String, description: String = "", scope: Scope = .server, priority: Int64 = 100, action: Action,
        isDryRun: Bool = false, isEnabled: Bool = true, presentation: Presentation = .yanked, includesHosted: Bool = false,
        match: PolicyMatch = PolicyMatch(), created: Timestamp, updated: Timestamp
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.scope = scope
        self.priority = priority
        self.action = action
        self.isDryRun = isDryRun
        self.isEnabled = isEnabled
        self.presentation = presentation
        self.includesHosted = includesHosted
        self.match = match
        self.created = created
        self.updated = updated
    }

    /// Whether it counts for the files of a repository. A group has none of its own: those of its members are judged there.
    package func applies(to repository: RepositoryRecord) -> Bool {
        guard isEnabled, covers(repository) else { return false }
        switch repository.kind {
        case .hosted: return includesHosted
        case .proxy: return true
        case .group: return false
        }
    }

    /// Whether a repository is in its scope.
    package func covers(_ repository: RepositoryRecord) -> Bool {
        switch scope {
        case .server: true
        case .project(let id): repository.projectID == id
        case .repository(let id): repository.id == id
        }
    }

    /// The order in which policies are asked.
    package static func precedes(_ left: PolicyRecord, _ right: PolicyRecord) -> Bool {
        left.priority == right.priority ? left.id < right.id : left.priority < right.priority
    }
}

/// What a policy is about: all members must hold that are there. Without any it is about every file.
package struct PolicyMatch: Sendable, Equatable, Codable {
    /// What counts as a file's age where its upstream does not say when it was published.
    package enum MissingTime: String, Sendable, Hashable, CaseIterable, Codable {
        /// The time since this server first knew of the file.
        case firstSeen = "first_seen"
        /// It is too young for ever.
        case deny
        /// It is old enough.
        case allow
    }

    /// Names of packages, and beginnings of names with `*` behind them, as they were written.
    package var packages: [String]?
    /// A range in the syntax of the ecosystem.
    package var versions: String?
    /// As it was written, such as `7d`.
    package var youngerThan: String?
    package var missingTime: MissingTime?
    /// Whether it is about versions that do harm.
    package var malware: Bool?
    /// The least severity of an advisory that affects the version: `low`, `medium`, `high`, `critical`.
    package var minSeverity: String?
    /// The advisories, by any of their names, of which one affects the version.
    package var advisories: [String]?
    /// Whether it is not about a version that an advisory names as the one that mends it.
    package var exemptFixes: Bool?
    /// What an upstream did oddly (`UpstreamAnomalyKind`), of which one is to hold; none for any.
    package var upstreamAnomaly: [String]?

    package init() {}

    package var exemptsFixes: Bool { exemptFixes ?? false }
    /// Whether what it is about depends on advisories.
    package var asksAdvisories: Bool { malware != nil || minSeverity != nil || advisories != nil || exemptsFixes }
}
