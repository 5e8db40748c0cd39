package import SavePlatform
package import SaveStorage

/// A transaction that hands every call on to another; a conforming type changes what it wants to.
package protocol MetadataForwarding: MetadataWriting {
    var base: any MetadataWriting { get }
}

extension MetadataForwarding {
    package func projects() throws -> [ProjectRecord] { try base.projects() }
    package func repositories() throws -> [RepositoryRecord] { try base.repositories() }
    package func members() throws -> [MemberRecord] { try base.members() }
    package func put(_ project: ProjectRecord) throws -> ProjectRecord { try base.put(project) }
    package func deleteProject(_ id: Int64) throws { try base.deleteProject(id) }
    package func put(_ repository: RepositoryRecord) throws -> RepositoryRecord { try base.put(repository) }
    package func deleteRepository(_ id: Int64) throws { try base.deleteRepository(id) }
    package func put(_ member: MemberRecord) throws { try base.put(member) }
    package func deleteMember(project: Int64, _ principal: PrincipalName) throws -> Bool {
        try base.deleteMember(project: project, principal)
    }
    package func policies() throws -> [PolicyRecord] { try base.policies() }
    package func put(_ policy: PolicyRecord) throws -> PolicyRecord { try base.put(policy) }
    package func deletePolicy(_ id: Int64) throws { try base.deletePolicy(id) }
    package func waivers() throws -> [WaiverRecord] { try base.waivers() }
    package func put(_ waiver: WaiverRecord) throws -> WaiverRecord { try base.put(waiver) }
    package func deleteWaiver(_ id: Int64) throws { try base.deleteWaiver(id) }
    package func refusal(_ id: Int64) throws -> RefusalRecord? { try base.refusal(id) }
    package func refusal(of subject: RefusalSubject) throws -> RefusalRecord? { try base.refusal(of: subject) }
    package func refusals(_ repository: Int64, package: String) throws -> [RefusalRecord] {
        try base.refusals(repository, package: package)
    }
    package func put(_ refusal: RefusalRecord) throws -> RefusalRecord { try base.put(refusal) }
    package func deleteRefusals(through id: Int64) throws { try base.deleteRefusals(through: id) }
    package func users() throws -> [UserRecord] { try base.users() }
    package func robots() throws -> [RobotRecord] { try base.robots() }
    package func user(_ username: String) throws -> UserRecord? { try base.user(username) }
    package func robot(_ name: String) throws -> RobotRecord? { try base.robot(name) }
    package func key(_ id: String) throws -> KeyRecord? { try base.key(id) }
    package func keys() throws -> [KeyRecord] { try base.keys() }
    package func put(_ user: UserRecord) throws -> UserRecord { try base.put(user) }
    package func deleteUser(_ id: Int64) throws { try base.deleteUser(id) }
    package func put(_ robot: RobotRecord) throws -> RobotRecord { try base.put(robot) }
    package func deleteRobot(_ id: Int64) throws { try base.deleteRobot(id) }
    package func put(_ key: KeyRecord) throws { try base.put(key) }
    package func deleteKey(_ id: String) throws -> Bool { try base.deleteKey(id) }
    package func keyUses() throws -> [KeyUse] { try base.keyUses() }
    package func put(_ use: KeyUse) throws -> Bool { try base.put(use) }
    package func session(_ id: String) throws -> SessionRecord? { try base.session(id) }
    package func sessions(of username: String) throws -> [SessionRecord] { try base.sessions(of: username) }
    package func put(_ session: SessionRecord) throws { try base.put(session) }
    package func deleteSession(_ id: String) throws -> Bool { try base.deleteSession(id) }
    package func deleteSessions(usedBefore used: Timestamp, createdBefore created: Timestamp) throws {
        try base.deleteSessions(usedBefore: used, createdBefore: created)
    }
    package func asset(_ repository: Int64, _ path: AssetPath) throws -> StoredAsset? { try base.asset(repository, path) }
    package func asset(_ repository: Int64, package: PackageID, identity: String) throws -> StoredAsset? {
        try base.asset(repository, package: package, identity: identity)
    }
    package func assets(_ repository: Int64, package: PackageID) throws -> [StoredAsset] {
        try base.assets(repository, package: package)
    }
    package func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) throws -> [StoredAsset] {
        try base.assets(repository, under: directory, after: after, limit: limit)
    }
    package func directory(_ repository: Int64, _ path: AssetPath?) throws -> (files: [StoredAsset], directories: [String]) {
        try base.directory(repository, path)
    }
    package func package(_ repository: Int64, _ id: PackageID) throws -> PackageRecord? { try base.package(repository, id) }
    package func packages(
        _ repository: Int64, after: PackageID?, upTo last: PackageID?, limit: Int, matching: String?
    ) throws -> [PackageRecord] {
        try base.packages(repository, after: after, upTo: last, limit: limit, matching: matching)
    }
    package func package(_ repository: Int64, place: Int, after: PackageID?) throws -> PackageID? {
        try base.package(repository, place: place, after: after)
    }
    package func serial(ofRepository repository: Int64) throws -> Int64 { try base.serial(ofRepository: repository) }
    package func renewSerials(_ repository: Int64) throws { try base.renewSerials(repository) }
    package func put(_ asset: StoredAsset) throws { try base.put(asset) }
    package func deleteAsset(_ repository: Int64, _ path: AssetPath) throws -> Bool { try base.deleteAsset(repository, path) }
    package func put(_ package: PackageRecord) throws { try base.put(package) }
    package func deletePackage(_ repository: Int64, _ id: PackageID) throws { try base.deletePackage(repository, id) }
    package func retiredName(_ repository: Int64, _ path: AssetPath) throws -> RetiredName? {
        try base.retiredName(repository, path)
    }
    package func retiredName(_ repository: Int64, package: PackageID, identity: String) throws -> RetiredName? {
        try base.retiredName(repository, package: package, identity: identity)
    }
    package func retiredNames(_ repository: Int64, package: PackageID) throws -> [RetiredName] {
        try base.retiredNames(repository, package: package)
    }
    package func packagesOfRetiredNames(_ repository: Int64, after: PackageID?, limit: Int) throws -> [PackageID] {
        try base.packagesOfRetiredNames(repository, after: after, limit: limit)
    }
    package func put(_ name: RetiredName) throws { try base.put(name) }
    package func deleteRetiredName(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        try base.deleteRetiredName(repository, path)
    }
    package func cachedIndex(_ repository: Int64, _ key: String) throws -> CachedIndex? { try base.cachedIndex(repository, key) }
    package func put(_ index: CachedIndex) throws { try base.put(index) }
    package func deleteCachedIndexes(_ repository: Int64, key: String?) throws {
        try base.deleteCachedIndexes(repository, key: key)
    }
    package func sighting(_ repository: Int64, _ path: AssetPath, digest: String) throws -> Timestamp? {
        try base.sighting(repository, path, digest: digest)
    }
    package func put(_ sighting: FileSighting) throws { try base.put(sighting) }
    package func anomalies(_ repository: Int64, package: PackageID) throws -> [ObservedAnomaly] {
        try base.anomalies(repository, package: package)
    }
    package func put(_ anomaly: ObservedAnomaly) throws -> Bool { try base.put(anomaly) }
    package func deleteAnomalies(_ repository: Int64) throws { try base.deleteAnomalies(repository) }
    package func audit(_ query: AuditQuery) throws -> AuditPage { try base.audit(query) }
    package func audit(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try base.audit(after: sequence, limit: limit)
    }
    package func lastAudit() throws -> AuditRecord? { try base.lastAudit() }
    package func lastAudit(before time: Timestamp) throws -> AuditRecord? { try base.lastAudit(before: time) }
    package func auditCut() throws -> AuditTruncation? { try base.auditCut() }
    package func append(_ record: AuditRecord) throws { try base.append(record) }
    package func cutAudit(_ cut: AuditTruncation) throws { try base.cutAudit(cut) }
    package func indexAudit(_ count: Int) throws -> Bool { try base.indexAudit(count) }
    package func removeCutAudit(limit: Int) throws -> Int { try base.removeCutAudit(limit: limit) }
    package func isReferenced(_ digest: BlobDigest) throws -> Bool { try base.isReferenced(digest) }
    package func isReferencedByFile(_ digest: BlobDigest) throws -> Bool { try base.isReferencedByFile(digest) }
    package func counts() throws -> StoreCounts { try base.counts() }
    package func referencedBlobs(after: BlobDigest?, limit: Int) throws -> [BlobDigest] {
        try base.referencedBlobs(after: after, limit: limit)
    }
    package func references(to digest: BlobDigest) throws -> (assets: [StoredAsset], indexes: [CachedIndex]) {
        try base.references(to: digest)
    }
    package func statistics() throws -> StoreStatistics { try base.statistics() }
}
