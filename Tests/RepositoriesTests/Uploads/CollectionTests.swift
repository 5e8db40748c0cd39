import EngineTestKit
import Foundation
import SaveAccess
import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
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

    @Test func `no acknowledged upload is lost to a collection without grace while others delete the same bytes`() async throws {
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
        let files = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        let maintenance = Maintenance(metadata: store, blobs: files, clock: Self.ahead, log: .silent())
        let collections = Mutex(0)
        // The worst moment for each blob: its bytes are there, and no record needs them yet.
        let blobs = ObservedBlobStore(files) {
            _ = try await maintenance.collectGarbage(grace: 0, dryRun: false)
            collections.withLock { $0 += 1 }
        }
        let engine = try await EngineFixture(store: store, blobs: blobs)
        try await engine.add("u", .proxy)
        let note = "needs y"
        engine.announce([("1.box", "box")])
        engine.upstream.answer(
            EngineFixture.base + "index/x",
            text: "files/x/1.box 3 \(BlobDigest(of: Array("box".utf8)).hex) \(BlobDigest(of: Array(note.utf8)).hex)\n")
        engine.upstream.answer(EngineFixture.base + "files/x/1.box.note", text: note)
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(try await engine.get("/line/p/u/files/x/1.box") == (200, "box"))
        #expect(try await engine.get("/line/p/u/files/x/1.box.note") == (200, note))
        await engine.services.upstreams.finishCopies()
        #expect(collections.withLock { $0 } == 3)
        let report = try await Maintenance(metadata: store, blobs: files, log: .silent()).verify(repair: false)
        #expect(report.problems == 0 && report.blobs == 3)
        await store.close()
    }
}

/// A blob store that calls back when a blob is committed, before its writer is told so.
private struct ObservedBlobStore: BlobForwarding {
    let base: any BlobStore
    private let onCommit: @Sendable () async throws -> Void

    init(_ base: any BlobStore, onCommit: @escaping @Sendable () async throws -> Void) {
        self.base = base
        self.onCommit = onCommit
    }

    func begin() async throws -> any BlobWriter { Writer(base: try await base.begin(), onCommit: onCommit) }

    private struct Writer: BlobWriter {
        let base: any BlobWriter
        let onCommit: @Sendable () async throws -> Void

        func write(_ bytes: [UInt8]) async throws { try await base.write(bytes) }
        func reader() throws -> OpenFile { try base.reader() }
        func finish() async throws -> BlobInfo { try await base.finish() }
        func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
            let info = try await base.commit(expecting: expected)
            try await onCommit()
            return info
        }
        func cancel() async { await base.cancel() }
    }
}

private final class Lost: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
