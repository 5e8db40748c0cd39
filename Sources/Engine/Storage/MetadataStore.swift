package import SavePlatform

/// Transactional records.
///
/// The closures are synchronous on purpose: nothing suspends while a transaction is open. A write commits when its closure
/// returns and changes nothing when it throws; it is durable when `write` returns. Writes are as if they ran one at a time, and a
/// read sees one moment. A store may run a closure again from the start, when another writer was faster or the connection was
/// lost: what an earlier run did is undone then. `SaveTestKit.MetadataStoreConformance` checks this.
package protocol MetadataStore: Sendable {
    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value
    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value
}

/// All that can be asked inside a transaction.
package protocol MetadataReading:
    CatalogueReading, AccountReading, SessionReading, WaiverReading, RefusalReading, ContentReading, SerialReading, AuditReading,
    UpkeepReading
{}

/// All that can be changed inside a transaction.
package protocol MetadataWriting:
    MetadataReading, CatalogueWriting, AccountWriting, SessionWriting, WaiverWriting, RefusalWriting, ContentWriting,
    SerialWriting, AuditWriting
{}

// MARK: - Projects and repositories

/// Small tables that are read whole and kept in memory (`Catalogue`).
package protocol CatalogueReading {
    /// All projects, ordered by name.
    func projects() throws -> [ProjectRecord]
    /// All repositories, ordered by project and name.
    func repositories() throws -> [RepositoryRecord]
    /// All memberships.
    func members() throws -> [MemberRecord]
    /// All policies, in the order in which they are asked (`PolicyRecord.precedes`).
    func policies() throws -> [PolicyRecord]
}

package protocol CatalogueWriting {
    /// Adds a project (id 0) or replaces one. Returns it with its id.
    ///
    /// - Throws: `alreadyExists` for a taken name.
    func put(_ project: ProjectRecord) throws -> ProjectRecord
    /// Removes an empty project with its memberships and policies.
    func deleteProject(_ id: Int64) throws
    /// Adds a repository (id 0) or replaces one. Returns it with its id. Ids are never used again.
    ///
    /// - Throws: `alreadyExists` for a taken name in the project.
    func put(_ repository: RepositoryRecord) throws -> RepositoryRecord
    /// Removes a repository with its packages, assets, cached indexes and policies.
    func deleteRepository(_ id: Int64) throws
    /// Gives a principal a role in a project, in place of an earlier one.
    func put(_ member: MemberRecord) throws
    /// Returns whether there was such a membership.
    func deleteMember(project: Int64, _ principal: PrincipalName) throws -> Bool
    /// Adds a policy (id 0) or replaces one. Returns it with its id. Ids are never used again.
    ///
    /// - Throws: `alreadyExists` for a name that is taken in its scope, `conflict` for a scope that is gone.
    func put(_ policy: PolicyRecord) throws -> PolicyRecord
    /// Removes a policy, if it is there.
    func deletePolicy(_ id: Int64) throws
}

// MARK: - Exceptions from policies, and what policies refused

package protocol WaiverReading {
    /// All waivers, in the order of their ids.
    func waivers() throws -> [WaiverRecord]
}

package protocol WaiverWriting {
    /// Adds a waiver (id 0) or replaces one. Returns it with its id. Ids are never used again. It goes with its project and its policy.
    ///
    /// - Throws: `conflict` for a project or a policy that is gone.
    func put(_ waiver: WaiverRecord) throws -> WaiverRecord
    /// Removes a waiver, if it is there.
    func deleteWaiver(_ id: Int64) throws
}

package protocol RefusalReading {
    func refusal(_ id: Int64) throws -> RefusalRecord?
    func refusal(of subject: RefusalSubject) throws -> RefusalRecord?
    /// All of a package, in the order of their ids.
    func refusals(_ repository: Int64, package: String) throws -> [RefusalRecord]
}

package protocol RefusalWriting {
    /// Gives what was refused a number (the id is ignored), unless it has one. Returns what is known of it then. Numbers are never
    /// used again. A record goes with its repository and its policy.
    ///
    /// - Throws: `conflict` for a repository or a policy that is gone.
    func put(_ refusal: RefusalRecord) throws -> RefusalRecord
    /// Removes the records up to a number.
    func deleteRefusals(through id: Int64) throws
}

// MARK: - Accounts

package protocol AccountReading {
    /// All users, ordered by name.
    func users() throws -> [UserRecord]
    /// All robots, ordered by name.
    func robots() throws -> [RobotRecord]
    /// A user by name. Takes the same time however many there are.
    func user(_ username: String) throws -> UserRecord?
    /// A robot by name, without `sa$`. Takes the same time however many there are.
    func robot(_ name: String) throws -> RobotRecord?
    /// A key by the public part of its text.
    func key(_ id: String) throws -> KeyRecord?
    /// All keys, ordered by owner, then oldest first.
    func keys() throws -> [KeyRecord]
    /// The last uses of keys, ordered by the keys' ids.
    func keyUses() throws -> [KeyUse]
}

package protocol AccountWriting {
    /// Adds a user (id 0) or replaces one.
    ///
    /// - Throws: `alreadyExists` for a taken name.
    func put(_ user: UserRecord) throws -> UserRecord
    /// Removes a user with keys, memberships and sessions.
    func deleteUser(_ id: Int64) throws
    /// Adds a robot (id 0) or replaces one.
    ///
    /// - Throws: `alreadyExists` for a taken name.
    func put(_ robot: RobotRecord) throws -> RobotRecord
    /// Removes a robot with keys and memberships.
    func deleteRobot(_ id: Int64) throws
    /// Adds a key, or replaces the one of the same id.
    func put(_ key: KeyRecord) throws
    /// Returns whether there was such a key.
    func deleteKey(_ id: String) throws -> Bool
    /// Takes the place of what was known of a key's last use. It goes with the key.
    ///
    /// - Returns: whether there is such a key; nothing is kept for one that is gone.
    func put(_ use: KeyUse) throws -> Bool
}

/// People who are signed in with a browser.
package protocol SessionReading {
    /// A session by its id.
    func session(_ id: String) throws -> SessionRecord?
    /// The sessions of a user, oldest first.
    func sessions(of username: String) throws -> [SessionRecord]
}

package protocol SessionWriting {
    /// Adds a session, or replaces the one of the same id.
    func put(_ session: SessionRecord) throws
    /// Returns whether there was such a session.
    func deleteSession(_ id: String) throws -> Bool
    /// Removes the sessions that were used last before one time, and those that began before another.
    func deleteSessions(usedBefore used: Timestamp, createdBefore created: Timestamp) throws
}

// MARK: - Content

/// Packages, files, the names of deleted files, and what a proxy knows of its upstream.
package protocol ContentReading {
    /// The file at a path.
    func asset(_ repository: Int64, _ path: AssetPath) throws -> StoredAsset?
    /// The file of a package that has an identity.
    func asset(_ repository: Int64, package: PackageID, identity: String) throws -> StoredAsset?
    /// All files of a package, sidecars included, in the order of their paths.
    func assets(_ repository: Int64, package: PackageID) throws -> [StoredAsset]
    /// Files below a directory (its path with a final slash, or "" for all), in the order of their paths, after a path.
    func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) throws -> [StoredAsset]
    /// What is directly in a directory: files, and the names of directories, each in order.
    func directory(_ repository: Int64, _ path: AssetPath?) throws -> (files: [StoredAsset], directories: [String])
    /// A package.
    func package(_ repository: Int64, _ id: PackageID) throws -> PackageRecord?
    /// Packages in the order of their names, after one and up to another, whose name or display name contains `matching` literally.
    func packages(
        _ repository: Int64, after: PackageID?, upTo last: PackageID?, limit: Int, matching: String?
    ) throws -> [PackageRecord]
    /// The package that comes so many places after one in the order of names: the next is in place 1. nil where there are fewer. Names are
    /// counted without being looked at, so that a reader can look at a part of them.
    func package(_ repository: Int64, place: Int, after: PackageID?) throws -> PackageID?
    /// The retired name at a path.
    func retiredName(_ repository: Int64, _ path: AssetPath) throws -> RetiredName?
    /// The retired name of a package that has an identity; the first by its path where there are several.
    func retiredName(_ repository: Int64, package: PackageID, identity: String) throws -> RetiredName?
    /// All retired names of a package, in the order of their paths.
    func retiredNames(_ repository: Int64, package: PackageID) throws -> [RetiredName]
    /// The packages that have retired names, each once, in the order of their names, after one.
    func packagesOfRetiredNames(_ repository: Int64, after: PackageID?, limit: Int) throws -> [PackageID]
    func cachedIndex(_ repository: Int64, _ key: String) throws -> CachedIndex?
    /// When a file with these bytes was first known of: see `FileSighting`.
    func sighting(_ repository: Int64, _ path: AssetPath, digest: String) throws -> Timestamp?
    /// What is kept of odd things about a package, by kind and subject.
    func anomalies(_ repository: Int64, package: PackageID) throws -> [ObservedAnomaly]
}

extension ContentReading {
    package func packages(_ repository: Int64, after: PackageID?, limit: Int, matching: String?) throws -> [PackageRecord] {
        try packages(repository, after: after, upTo: nil, limit: limit, matching: matching)
    }
}

package protocol ContentWriting {
    /// Adds a file, or replaces the one at the same path.
    func put(_ asset: StoredAsset) throws
    /// Removes a file and its sidecars. Returns whether it was there.
    func deleteAsset(_ repository: Int64, _ path: AssetPath) throws -> Bool
    /// Adds a package or replaces its record.
    func put(_ package: PackageRecord) throws
    /// Removes a package's record; its files must be gone. Sidecars of files that are not here go with it.
    ///
    /// - Throws: `conflict` while there is a file.
    func deletePackage(_ repository: Int64, _ id: PackageID) throws
    /// Retires a name, or replaces what is known of one that is retired.
    func put(_ name: RetiredName) throws
    /// Makes a name free again. Returns whether it was retired.
    func deleteRetiredName(_ repository: Int64, _ path: AssetPath) throws -> Bool
    /// Adds a cached index or replaces it.
    func put(_ index: CachedIndex) throws
    /// Forgets one cached index, or with nil all of a repository.
    func deleteCachedIndexes(_ repository: Int64, key: String?) throws
    /// Notes when a file was first known of, unless that is noted already. It goes with the repository.
    func put(_ sighting: FileSighting) throws
    /// Keeps that something odd was seen, unless it is kept already, with the time of the first look. It goes with the repository.
    ///
    /// - Returns: whether it is new.
    func put(_ anomaly: ObservedAnomaly) throws -> Bool
    /// Forgets all odd things that were seen in a repository, whose upstream is another one now.
    func deleteAnomalies(_ repository: Int64) throws
}

/// One count of changes of packages for all repositories, which never goes back.
package protocol SerialReading {
    /// The number of the last change of a repository's packages; 0 before the first.
    func serial(ofRepository repository: Int64) throws -> Int64
}

package protocol SerialWriting {
    /// Counts a change of the repository and of all its packages: for clients that see them in another way now, such as through another group.
    func renewSerials(_ repository: Int64) throws
}

// MARK: - Audit

package protocol AuditReading {
    /// Records that match, newest first.
    func audit(_ query: AuditQuery) throws -> AuditPage
    /// Records after a sequence number, oldest first, for verification and export.
    func audit(after sequence: Int64, limit: Int) throws -> [AuditRecord]
    /// The newest record.
    func lastAudit() throws -> AuditRecord?
    /// The last record of all that are older than a time, as are all records before it; nil for none.
    func lastAudit(before time: Timestamp) throws -> AuditRecord?
    /// Where the trail was cut last; nil for one that is whole.
    func auditCut() throws -> AuditTruncation?
}

package protocol AuditWriting {
    /// Adds a finished record. There is no way to change one, and none to remove one that is not before a cut.
    func append(_ record: AuditRecord) throws
    /// Adds a record behind the last one, with the number and the hashes that follow from it. A store with several writers keeps the
    /// record with the change and gives it its place in the chain after that, within a second.
    func chain(_ record: AuditRecord) throws
    /// Says that the trail begins after a record from now on.
    func cutAudit(_ cut: AuditTruncation) throws
    /// Removes records before the cut, oldest first. Returns how many were removed.
    func removeCutAudit(limit: Int) throws -> Int
    /// Makes the next so many records, oldest first, quick to find by any part of their text. Returns false, and does nothing,
    /// where there are fewer. A search finds what is not indexed as well, and should not have to look at much of it.
    func indexAudit(_ count: Int) throws -> Bool
}

// MARK: - Upkeep

package protocol UpkeepReading {
    /// Whether any record, of any kind, needs a blob.
    func isReferenced(_ digest: BlobDigest) throws -> Bool
    /// Whether a file, or a sidecar, needs a blob.
    func isReferencedByFile(_ digest: BlobDigest) throws -> Bool
    /// Digests that records need, each once, in order, after one, at most `limit`.
    func referencedBlobs(after: BlobDigest?, limit: Int) throws -> [BlobDigest]
    /// The records that need a blob.
    func references(to digest: BlobDigest) throws -> (assets: [StoredAsset], indexes: [CachedIndex])
    func statistics() throws -> StoreStatistics
    /// What there is. Takes the same time whatever there is.
    func counts() throws -> StoreCounts
}
