public import SavePlatform

/// A transaction that hands every call on to another; a conforming type changes what it wants to.
public protocol MetadataForwarding: MetadataWriting {
    var base: any MetadataWriting { get }
}

extension MetadataForwarding {
    public func projects() throws -> [ProjectRecord] { try base.projects() }
    public func repositories() throws -> [RepositoryRecord] { try base.repositories() }
    public func members() throws -> [MemberRecord] { try base.members() }
    public func put(_ project: ProjectRecord) throws -> ProjectRecord { try base.put(project) }
    public func deleteProject(_ id: Int64) throws { try base.deleteProject(id) }
    public func put(_ repository: RepositoryRecord) throws -> RepositoryRecord { try base.put(repository) }
    public func deleteRepository(_ id: Int64) throws { try base.deleteRepository(id) }
    public func put(_ member: MemberRecord) throws { try base.put(member) }
    public func deleteMember(project: Int64, _ principal: PrincipalName) throws -> Bool {
        try base.deleteMember(project: project, principal)
    }
    public func users() throws -> [UserRecord] { try base.users() }
    public func robots() throws -> [RobotRecord] { try base.robots() }
    public func user(_ username: String) throws -> UserRecord? { try base.user(username) }
    public func robot(_ name: String) throws -> RobotRecord? { try base.robot(name) }
    public func key(_ id: String) throws -> KeyRecord? { try base.key(id) }
    public func keys() throws -> [KeyRecord] { try base.keys() }
    public func put(_ user: UserRecord) throws -> UserRecord { try base.put(user) }
    public func deleteUser(_ id: Int64) throws { try base.deleteUser(id) }
    public func put(_ robot: RobotRecord) throws -> RobotRecord { try base.put(robot) }
    public func deleteRobot(_ id: Int64) throws { try base.deleteRobot(id) }
    public func put(_ key: KeyRecord) throws { try base.put(key) }
    public func deleteKey(_ id: String) throws -> Bool { try base.deleteKey(id) }
    public func keyUses() throws -> [KeyUse] { try base.keyUses() }
    public func put(_ use: KeyUse) throws -> Bool { try base.put(use) }
    public func asset(_ repository: Int64, _ path: AssetPath) throws -> StoredAsset? { try base.asset(repository, path) }
    public func asset(_ repository: Int64, package: PackageID, identity: String) throws -> StoredAsset? {
        try base.asset(repository, package: package, identity: identity)
    }
    public func assets(_ repository: Int64, package: PackageID) throws -> [StoredAsset] {
        try base.assets(repository, package: package)
    }
    public func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) throws -> [StoredAsset] {
        try base.assets(repository, under: directory, after: after, limit: limit)
    }
    public func directory(_ repository: Int64, _ path: AssetPath?) throws -> (files: [StoredAsset], directories: [String]) {
        try base.directory(repository, path)
    }
    public func package(_ repository: Int64, _ id: PackageID) throws -> PackageRecord? { try base.package(repository, id) }
    public func packages(_ repository: Int64, after: PackageID?, limit: Int, matching: String?) throws -> [PackageRecord] {
        try base.packages(repository, after: after, limit: limit, matching: matching)
    }
    public func put(_ asset: StoredAsset) throws { try base.put(asset) }
    public func deleteAsset(_ repository: Int64, _ path: AssetPath) throws -> Bool { try base.deleteAsset(repository, path) }
    public func put(_ package: PackageRecord) throws { try base.put(package) }
    public func deletePackage(_ repository: Int64, _ id: PackageID) throws { try base.deletePackage(repository, id) }
    public func retiredName(_ repository: Int64, _ path: AssetPath) throws -> RetiredName? {
        try base.retiredName(repository, path)
    }
    public func retiredName(_ repository: Int64, package: PackageID, identity: String) throws -> RetiredName? {
        try base.retiredName(repository, package: package, identity: identity)
    }
    public func retiredNames(_ repository: Int64, package: PackageID) throws -> [RetiredName] {
        try base.retiredNames(repository, package: package)
    }
    public func packagesOfRetiredNames(_ repository: Int64, after: PackageID?, limit: Int) throws -> [PackageID] {
        try base.packagesOfRetiredNames(repository, after: after, limit: limit)
    }
    public func put(_ name: RetiredName) throws { try base.put(name) }
    public func deleteRetiredName(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        try base.deleteRetiredName(repository, path)
    }
    public func cachedIndex(_ repository: Int64, _ key: String) throws -> CachedIndex? { try base.cachedIndex(repository, key) }
    public func put(_ index: CachedIndex) throws { try base.put(index) }
    public func deleteCachedIndexes(_ repository: Int64, key: String?) throws {
        try base.deleteCachedIndexes(repository, key: key)
    }
    public func audit(_ query: AuditQuery) throws -> AuditPage { try base.audit(query) }
    public func audit(after sequence: Int64, limit: Int) throws -> [AuditRecord] { try base.audit(after: sequence, limit: limit) }
    public func lastAudit() throws -> AuditRecord? { try base.lastAudit() }
    public func lastAudit(before time: Timestamp) throws -> AuditRecord? { try base.lastAudit(before: time) }
    public func auditCut() throws -> AuditCut? { try base.auditCut() }
    public func append(_ record: AuditRecord) throws { try base.append(record) }
    public func cutAudit(_ cut: AuditCut) throws { try base.cutAudit(cut) }
    public func indexAudit(_ count: Int) throws -> Bool { try base.indexAudit(count) }
    public func removeCutAudit(limit: Int) throws -> Int { try base.removeCutAudit(limit: limit) }
    public func isReferenced(_ digest: BlobDigest) throws -> Bool { try base.isReferenced(digest) }
    public func isReferencedByFile(_ digest: BlobDigest) throws -> Bool { try base.isReferencedByFile(digest) }
    public func counts() throws -> StoreCounts { try base.counts() }
    public func referencedBlobs(after: BlobDigest?, limit: Int) throws -> [BlobDigest] {
        try base.referencedBlobs(after: after, limit: limit)
    }
    public func references(to digest: BlobDigest) throws -> (assets: [StoredAsset], indexes: [CachedIndex]) {
        try base.references(to: digest)
    }
    public func statistics() throws -> StoreStatistics { try base.statistics() }
}
