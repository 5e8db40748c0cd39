import Foundation
import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Testing

/// Prints what this machine's disk lets the stores do. `SAVE_MEASURE=1 swift test --filter StoreRates`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SAVE_MEASURE"] != nil), .serialized) struct StoreRates {
    let folder: TemporaryFolder
    let clock = PlatformClock.system

    init() throws { folder = try TemporaryFolder() }

    private func rate(
        _ name: String, callers: Int, seconds: UInt64 = 3, _ work: @escaping @Sendable (Int, Int) async throws -> Void
    ) async throws {
        let start = clock.uptime()
        let end = start + seconds * 1_000_000_000
        let clock = clock
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var count = 0
                    while clock.uptime() < end {
                        try await work(caller, count)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        print("\(name), \(callers) callers: \(Int(Double(count) / (Double(clock.uptime() - start) / 1e9))) per second")
    }

    @Test(arguments: [1, 16]) func `small writes`(_ callers: Int) async throws {
        let store = try SQLiteStore.open(path: folder.path + "/save.db")
        let moment = clock.now()
        let id = try await store.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            return try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
            ).id
        }
        try await rate("a file's record with its audit record", callers: callers) { caller, number in
            try await store.write { writing in
                let path = try AssetPath("dir\(caller)/file\(number)")
                try writing.put(
                    StoredAsset(
                        repository: id, record: AssetRecord(path: path), blob: BlobDigest(of: Array(path.text.utf8)), size: 1,
                        uploadedBy: "alice", created: moment))
                try writing.append(
                    AuditRecord(
                        sequence: (try writing.lastAudit()?.sequence ?? 0) + 1, time: moment, actor: "alice", actorKind: "user",
                        action: "file.upload", resourceType: "file", resource: path.text, outcome: .ok, sourceIP: "192.0.2.1",
                        userAgent: "client/1", requestID: "r", details: [:], hash: "h", previousHash: "h"))
            }
        }
        try await rate("a file looked up", callers: callers) { caller, number in
            _ = try await store.read { try $0.asset(id, try AssetPath("dir\(caller)/file\(number % 1000)")) }
        }
        await store.close()
    }

    @Test(arguments: [1, 16]) func `blobs of 16 KiB`(_ callers: Int) async throws {
        let pool = BlockingPool(name: "test-files", threads: 8)
        let store = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        try await rate("a blob of 16 KiB committed", callers: callers) { caller, number in
            var bytes = [UInt8](repeating: 7, count: 16 << 10)
            bytes.replaceSubrange(0..<8, with: "\(caller)/\(number)-------".utf8.prefix(8))
            let writer = try await store.begin()
            try await writer.write(bytes)
            _ = try await writer.commit(expecting: nil)
        }
        pool.stop()
    }

    private func time(_ name: String, _ work: () async throws -> Int) async throws {
        let start = clock.uptime()
        let count = try await work()
        print("\(name): \(count) rows in \((clock.uptime() - start) / 1000) µs")
    }

    @Test func `queries over many records`() async throws {
        let path = folder.path + "/save.db"
        await (try SQLiteStore.open(path: path)).close()
        let raw = try RawDatabase(path)
        try raw.run("PRAGMA synchronous = OFF")
        try raw.run("INSERT INTO projects VALUES (1, 'p', '', 0, 0)")
        try raw.run(
            "INSERT INTO repositories VALUES (1, 1, 'r', 'raw', 'hosted', '', 1, 0, '{}', '{}', '{}', '{}', 0, 0)")
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
        try raw.run(
            """
            \(numbers) INSERT INTO audit SELECT i, i * 1000, i * 1000, 'user' || (i % 1000), 'user',
              CASE WHEN i % 50000 = 7 THEN 'key.create' ELSE 'file.upload' END, 'file', 'p/r' || (i % 100),
              CASE WHEN i % 90000 = 7 THEN 'denied' ELSE 'ok' END, '192.0.2.1', 'client/1', 'r' || i, '{"n":' || i || '}', 'h', 'h' FROM n
            """)
        try raw.run(
            """
            \(numbers) INSERT INTO assets SELECT 1, 'dir' || (i % 500) || '/sub/file' || i, 'dir' || (i % 500) || '/sub',
              'package' || (i % 20000), '1', 1, '[]', 0, NULL, NULL, NULL, NULL, '{}',
              printf('%064x', i * 2654435761 % 4294967296), 10, 'alice', 0 FROM n
            """)
        raw.close()
        let start = clock.uptime()
        let store = try SQLiteStore.open(path: path)
        print("opened in \((clock.uptime() - start) / 1000) µs")
        let filters: [(String, @Sendable (inout AuditQuery) -> Void)] = [
            ("newest", { _ in }), ("actor", { $0.actor = "user7" }), ("rare action", { $0.action = "key.create" }),
            ("outcome", { $0.outcome = .denied }), ("absent resource", { $0.resource = "none" }),
            (
                "type and actor",
                {
                    $0.resourceType = "file"; $0.actor = "user9"
                }
            ),
            ("absent type", { $0.resourceType = "none" }), ("absent text", { $0.text = "no such text" }),
            (
                "old window",
                {
                    $0.since = Timestamp(microseconds: 5_000_000); $0.until = Timestamp(microseconds: 6_000_000)
                }
            ),
            ("until long ago", { $0.until = Timestamp(microseconds: 5_000_000) }),
            ("since long ago", { $0.since = Timestamp(microseconds: 5) }),
            (
                "before",
                {
                    $0.before = 500_000; $0.actor = "user1"
                }
            ),
        ]
        for (name, set) in filters {
            try await time("audit, \(name)") {
                try await store.read { reading in
                    var query = AuditQuery()
                    set(&query)
                    return try reading.audit(query).records.count
                }
            }
        }
        try await time("root directory") { try await store.read { try $0.directory(1, nil).directories.count } }
        try await time("inner directory") {
            try await store.read { try $0.directory(1, try AssetPath("dir7")).directories.count }
        }
        try await time("leaf directory") { try await store.read { try $0.directory(1, try AssetPath("dir7/sub")).files.count } }
        try await time("files of a package") {
            try await store.read { try $0.assets(1, package: PackageID(normalized: "package77")).count }
        }
        try await time("a page of needed blobs") { try await store.read { try $0.referencedBlobs(after: nil, limit: 200).count } }
        try await time("is a blob needed") { try await store.read { try $0.isReferenced(BlobDigest(of: [])) ? 1 : 0 } }
        try await time("counts") { try await store.read { Int(try $0.counts().files) } }
        try await time("statistics") { try await store.read { Int(try $0.statistics().referencedBlobs) } }
        try await time("deleting the repository") {
            try await store.write { try $0.deleteRepository(1) }
            return 300_000
        }
        await store.close()
    }
}
