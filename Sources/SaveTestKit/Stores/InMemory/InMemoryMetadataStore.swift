internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// Records in memory, for tests and for authors of formats. A write works on a copy, which takes the place of the
/// records when it succeeds.
package final class InMemoryMetadataStore: MetadataStore {
    private let tables = Mutex(InMemoryTables())

    /// An empty store.
    package init() {}

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try body(InMemoryTransaction(tables.withLock { $0 }))
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try tables.withLock { tables in
            let transaction = InMemoryTransaction(tables)
            let value = try body(transaction)
            tables = transaction.tables
            return value
        }
    }
}

/// All records, as values.
struct InMemoryTables: Sendable {
    struct Membership: Hashable {
        let project: Int64
        let principal: PrincipalName
    }

    struct Sighted {
        let digest: String
        let seen: Timestamp
    }

    /// One counter for all kinds, so that no id is ever used again.
    var lastID: Int64 = 0
    var projects: [Int64: ProjectRecord] = [:]
    var repositories: [Int64: RepositoryRecord] = [:]
    var members: [Membership: MemberRecord] = [:]
    var users: [Int64: UserRecord] = [:]
    var robots: [Int64: RobotRecord] = [:]
    var keys: [String: KeyRecord] = [:]
    var keyUses: [String: KeyUse] = [:]
    var sessions: [String: SessionRecord] = [:]
    var packages: [Int64: [PackageID: PackageRecord]] = [:]
    var assets: [Int64: [AssetPath: StoredAsset]] = [:]
    /// The number of the last change of any package, and by repository.
    var lastSerial: Int64 = 0
    var serials: [Int64: Int64] = [:]
    var retired: [Int64: [AssetPath: RetiredName]] = [:]
    /// By the bytes of the key: Swift takes some different texts for equal.
    var indexes: [Int64: [[UInt8]: CachedIndex]] = [:]
    var policies: [Int64: PolicyRecord] = [:]
    var waivers: [Int64: WaiverRecord] = [:]
    var refusals: [Int64: RefusalRecord] = [:]
    var sightings: [Int64: [AssetPath: Sighted]] = [:]
    var anomalies: [Int64: [ObservedAnomaly]] = [:]
    var audit: [AuditRecord] = []
    var auditCut: AuditTruncation?
}

/// One open transaction. Its extensions each hold one kind of record.
final class InMemoryTransaction: MetadataWriting {
    var tables: InMemoryTables

    init(_ tables: InMemoryTables) { self.tables = tables }

    func newID() -> Int64 {
        tables.lastID += 1
        return tables.lastID
    }

    static let absent = SaveError(.notFound, "there is no such record")
    static let taken = SaveError(.alreadyExists, "a record of this name exists already")
    static let unrelated = SaveError(.conflict, "a record that this one belongs to is gone, or others still belong to it")
}

extension String {
    /// Order by UTF-8 bytes, as databases have it.
    func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    /// Whether the bytes of another text occur in this one; every text has the empty one in it.
    func containsBytes(of part: String) -> Bool {
        let part = Array(part.utf8)
        let bytes = Array(utf8)
        guard part.count <= bytes.count else { return false }
        return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
