internal import SavePlatform
internal import SaveStorage
extension InMemoryTransaction {
    func audit(_ query: AuditQuery) -> AuditPage {
        let found = tables.audit.filter { record in
            func matches<Value: Equatable>(_ wanted: Value?, _ value: Value) -> Bool { wanted.map { $0 == value } ?? true }
            return matches(query.resourceType, record.resourceType) && matches(query.resource, record.resource)
                && matches(query.actor, record.actor) && matches(query.action, record.action)
                && matches(query.outcome, record.outcome)
                && query.since.map { record.time >= $0 } ?? true && query.until.map { record.time <= $0 } ?? true
                && query.before.map { record.sequence < $0 } ?? true
                && query.text.map { Self.has($0, in: record) } ?? true
        }
        let page = Array(found.sorted { $0.sequence > $1.sequence }.prefix(max(0, query.limit)))
        return AuditPage(records: page, next: page.count < found.count ? page.last?.sequence : nil)
    }

    private static func has(_ text: String, in record: AuditRecord) -> Bool {
        [
            record.actor, record.action, record.resource, record.sourceIP, record.requestID,
            JSONValue.object(record.details).text,
        ].contains { $0.containsBytes(of: text) }
    }

    func audit(after sequence: Int64, limit: Int) -> [AuditRecord] {
        let later = tables.audit.filter { $0.sequence > sequence }.sorted { $0.sequence < $1.sequence }
        return Array(later.prefix(max(0, limit)))
    }

    func lastAudit() -> AuditRecord? { tables.audit.max { $0.sequence < $1.sequence } }

    func append(_ record: AuditRecord) throws {
        guard !tables.audit.contains(where: { $0.sequence == record.sequence }) else { throw Self.taken }
        tables.audit.append(record)
    }

    func lastAudit(before time: Timestamp) -> AuditRecord? {
        tables.audit.sorted { $0.sequence < $1.sequence }.prefix { $0.time < time }.last
    }

    func auditCut() -> AuditTruncation? { tables.auditCut }

    func cutAudit(_ cut: AuditTruncation) { tables.auditCut = cut }

    func removeCutAudit(limit: Int) -> Int {
        guard let cut = tables.auditCut else { return 0 }
        let gone = Set(tables.audit.map(\.sequence).filter { $0 <= cut.sequence }.sorted().prefix(max(0, limit)))
        tables.audit.removeAll { gone.contains($0.sequence) }
        return gone.count
    }

    func indexAudit(_ count: Int) -> Bool { false }

    // MARK: - Upkeep

    private var needed: [BlobDigest: Int64] {
        var needed: [BlobDigest: Int64] = [:]
        for index in tables.indexes.values.flatMap(\.values) { needed[index.blob] = 0 }
        for asset in tables.assets.values.flatMap(\.values) { needed[asset.blob] = asset.size }
        return needed
    }

    func isReferenced(_ digest: BlobDigest) -> Bool { needed[digest] != nil }

    func isReferencedByFile(_ digest: BlobDigest) -> Bool {
        tables.assets.values.contains { $0.values.contains { $0.blob == digest } }
    }

    func referencedBlobs(after: BlobDigest?, limit: Int) -> [BlobDigest] {
        let start = after?.hex ?? ""
        return Array(needed.keys.filter { $0.hex > start }.sorted().prefix(max(0, limit)))
    }

    func references(to digest: BlobDigest) -> (assets: [StoredAsset], indexes: [CachedIndex]) {
        let assets = tables.assets.values.flatMap(\.values).filter { $0.blob == digest }
        let indexes = tables.indexes.values.flatMap(\.values).filter { $0.blob == digest }
        return (
            assets.sorted { ($0.repository, $0.record.path) < ($1.repository, $1.record.path) },
            indexes.sorted { $0.repository == $1.repository ? $0.key.precedes($1.key) : $0.repository < $1.repository }
        )
    }

    func statistics() -> StoreStatistics {
        var statistics = StoreStatistics()
        statistics.referencedBlobs = Int64(needed.count)
        statistics.referencedBytes = needed.values.reduce(0, &+)
        return statistics
    }

    func counts() -> StoreCounts {
        let assets = tables.assets.values.flatMap(\.values)
        var counts = StoreCounts()
        counts.projects = Int64(tables.projects.count)
        counts.repositories = Int64(tables.repositories.count)
        counts.packages = Int64(tables.packages.values.reduce(0) { $0 + $1.count })
        counts.sidecars = Int64(assets.count { $0.record.sidecarOf != nil })
        counts.files = Int64(assets.count) - counts.sidecars
        counts.logicalBytes = assets.reduce(0) { $0 &+ $1.size }
        return counts
    }
}
