import Foundation
import SaveBlobs
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
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
}
