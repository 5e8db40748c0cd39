import Foundation
import SaveBlobs
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveTestKit
import Synchronization
import Testing

/// Garbage is collected without any grace, by a clock that runs ahead, so that nothing is too young: only the exclusion of
/// commit and removal keeps what was acknowledged.
@Suite struct CollectionTests {
    /// `GC_ROUNDS=3000` goes on for a minute or more.
    private static let rounds = ProcessInfo.processInfo.environment["GC_ROUNDS"].flatMap { Int($0) } ?? 60

    private static let ahead = PlatformClock(
        now: { PlatformClock.system.now().adding(seconds: 60) }, uptime: PlatformClock.system.uptime)

    /// Collects until the body has ended.
    ///
    /// - Returns: how many blobs were removed.
    private func collecting(_ engine: EngineFixture, during body: () async throws -> Void) async throws -> Int64 {
        let maintenance = Maintenance(metadata: engine.store, blobs: engine.blobs, clock: Self.ahead, log: .silent())
        let isOver = Mutex(false)
        async let removed = {
            var removed: Int64 = 0
            repeat {
                removed += try await maintenance.collectGarbage(grace: 0, dryRun: false).removed
            } while !isOver.withLock({ $0 })
            return removed
        }()
        do { try await body() } catch {
            isOver.withLock { $0 = true }
            _ = try? await removed
            throw error
        }
        isOver.withLock { $0 = true }
        return try await removed
    }

    @Test func `no acknowledged upload is lost to a collection without grace, whoever else deletes the same bytes`() async throws
    {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 4)
        defer { pool.stop() }
        let store = try SQLiteStore.open(path: folder.path + "/save.db")
        let engine = try await EngineFixture(store: store, blobs: try FileBlobStore(root: folder.path + "/blobs", pool: pool))
        try await engine.add("h", .hosted) { $0.hosted.allowRedeploy = true }
        let lost = Lost()
        let removed = try await collecting(engine) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<5 {
                    group.addTask {
                        for round in 0..<Self.rounds {
                            let path = "/line/p/h/files/x\(client)/\(round)"
                            // The same bytes for all clients, over and over, and some that only this one has.
                            let text = round % 3 == 0 ? "\(client) \(round)" : "shared \(round % 2)"
                            let status = await engine.put(path, text).status
                            let read = try await engine.get(path)
                            if status != 201 || read != (200, text) { lost.add("\(path): \(status) \(read)") }
                            if round % 4 != 0 {
                                let deleted = await engine.send(.delete, path).status
                                if deleted >= 300 { lost.add("\(path): DELETE \(deleted)") }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(lost.all == [])
        #expect(removed > 0)
        let report = try await Maintenance(metadata: store, blobs: engine.blobs, log: .silent()).verify(repair: false)
        #expect(report.problems == 0 && report.blobs > 0)
        await store.close()
    }

    @Test func `no file, page or sidecar that a proxy keeps is lost to a collection without grace`() async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 4)
        defer { pool.stop() }
        let store = try SQLiteStore.open(path: folder.path + "/save.db")
        let engine = try await EngineFixture(store: store, blobs: try FileBlobStore(root: folder.path + "/blobs", pool: pool))
        let id = try await engine.add("u", .proxy)
        let files = (0..<Self.rounds).map { (name: "\($0)", content: "content \($0)") }
        engine.announce(files)
        let removed = try await collecting(engine) {
            for file in files {
                // A page is kept behind the clients' backs; forgetting it makes the next one be fetched and kept again.
                #expect(try await engine.get("/line/p/u/index/x").status == 200)
                let repository = try #require(engine.catalogue.current.repository(id: id))
                try await engine.services.invalidateCache(of: repository)
                for _ in 0..<2 { #expect(try await engine.get("/line/p/u/files/x/\(file.name)") == (200, file.content)) }
            }
            await engine.services.finishCopies()
        }
        #expect(removed >= 0)
        let report = try await Maintenance(metadata: store, blobs: engine.blobs, log: .silent()).verify(repair: false)
        #expect(report.problems == 0 && report.blobs >= Int64(Self.rounds))
        await store.close()
    }
}

private final class Lost: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
