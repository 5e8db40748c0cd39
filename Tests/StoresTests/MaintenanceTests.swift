import Foundation
import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct MaintenanceTests {
    let metadata = InMemoryMetadataStore()
    let blobs = InMemoryBlobStore()
    let moment = Timestamp(seconds: 0)

    private func maintenance(_ clock: PlatformClock = .system) -> Maintenance {
        Maintenance(metadata: metadata, blobs: blobs, clock: clock, log: .silent())
    }

    /// A clock that runs ahead of the system's.
    private func ahead(_ seconds: Int64) -> PlatformClock {
        PlatformClock(now: { PlatformClock.system.now().adding(seconds: seconds) }, uptime: PlatformClock.system.uptime)
    }

    private func commit(_ text: String, to blobs: any BlobStore) async throws -> BlobInfo {
        let writer = try await blobs.begin()
        try await writer.write(Array(text.utf8))
        return try await writer.commit(expecting: nil)
    }

    private func repository(in metadata: any MetadataStore) async throws -> Int64 {
        let moment = moment
        return try await metadata.write { writing in
            let project =
                try writing.projects().first ?? writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            let record = RepositoryRecord(
                projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
            return try writing.repositories().first?.id ?? writing.put(record).id
        }
    }

    private func asset(_ path: String, _ blob: BlobInfo, in repository: Int64, uploadedBy: String? = "alice") throws
        -> StoredAsset
    {
        StoredAsset(
            repository: repository, record: AssetRecord(path: try AssetPath(path)), blob: blob.digest, size: blob.size,
            uploadedBy: uploadedBy, created: moment)
    }

    @Test(arguments: [
        (SaveError.Code.assetNotFound, VerifyProblem.Kind.missing), (.blobCorrupt, .corrupt), (.storageUnavailable, .unreadable),
    ])
    func `what is wrong with bytes that cannot be read to their end is told apart`(
        code: SaveError.Code, problem: VerifyProblem.Kind
    ) async throws {
        let pool = BlockingPool(name: "check", threads: 1)
        defer { pool.stop() }
        let store = BrokenBlobStore(part: .fails(code))
        let blob = try await commit("text", to: store)
        let found = try await BlobCheck.read(blob.digest, in: store, pool: pool)
        #expect((found.problem, found.size) == (problem, 0))
    }

    @Test func `a check that is cancelled says nothing about the bytes`() async throws {
        let pool = BlockingPool(name: "check", threads: 1)
        defer { pool.stop() }
        let store = BrokenBlobStore(part: .fails(nil))
        let blob = try await commit("text", to: store)
        let check = Task { try await BlobCheck.read(blob.digest, in: store, pool: pool) }
        await #expect(throws: CancellationError.self) { _ = try await check.value }
    }

    @Test func `garbage is what nothing needs and is old enough`() async throws {
        let id = try await repository(in: metadata)
        let needed = try await commit("needed", to: blobs)
        let cached = try await commit("cached", to: blobs)
        let garbage = try await commit("garbage", to: blobs)
        let file = try asset("f", needed, in: id)
        let index = CachedIndex(
            repository: id, key: "root", blob: cached.digest, url: "https://example.test/", contentType: nil, etag: nil,
            lastModified: nil, fetched: moment, verified: moment)
        try await metadata.write { writing in
            try writing.put(file)
            try writing.put(index)
        }
        let young = try await maintenance(ahead(3000)).collectGarbage(grace: 3600, dryRun: false)
        #expect(young.keptYoung == 1 && young.removed == 0 && young.blobs == 3)
        let dry = try await maintenance(ahead(4000)).collectGarbage(grace: 3600, dryRun: true)
        #expect(dry.removed == 1 && dry.removedBytes == 7)
        #expect(try await blobs.stat(garbage.digest) != nil)
        let real = try await maintenance(ahead(4000)).collectGarbage(grace: 3600, dryRun: false)
        #expect(real.removed == 1 && real.removedBytes == 7)
        #expect(try await blobs.digests(after: nil, limit: 9) == [needed.digest, cached.digest].sorted())
    }

    @Test func `more garbage than a page holds goes in one run`() async throws {
        for number in 0..<450 { _ = try await commit("\(number)", to: blobs) }
        #expect(try await maintenance(ahead(10)).collectGarbage(grace: 0, dryRun: false).removed == 450)
        #expect(try await blobs.digests(after: nil, limit: 9) == [])
    }

    @Test func `no upload loses its blob to a collection that runs all the time`() async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 3)
        let blobs = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        let metadata = try SQLiteStore.open(path: folder.path + "/save.db")
        let id = try await repository(in: metadata)
        let maintenance = Maintenance(metadata: metadata, blobs: blobs, clock: .system, log: .silent())
        try await withThrowingTaskGroup(of: Void.self) { group in
            let collector = Task {
                // A grace of a second is longer than these uploads take, and lets blobs of earlier rounds go.
                while !Task.isCancelled { _ = try await maintenance.collectGarbage(grace: 1, dryRun: false) }
            }
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<30 {
                        // The same few contents over and over, put and removed.
                        let blob = try await commit("content \(round % 3)", to: blobs)
                        let file = try asset("f\(writer)", blob, in: id)
                        try await metadata.write { try $0.put(file) }
                        let opened = try await blobs.open(file.blob)
                        #expect(opened.size == file.size)
                        if round % 5 == 4 { _ = try await metadata.write { try $0.deleteAsset(id, file.record.path) } }
                    }
                }
            }
            try await group.waitForAll()
            collector.cancel()
            _ = await collector.result
        }
        #expect(try await maintenance.verify(repair: false).problems == 0)
        await metadata.close()
        pool.stop()
    }

    @Test func `verification finds every kind of damage, mends the cache and leaves uploads alone`() async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 2)
        defer { pool.stop() }
        let blobs = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        let id = try await repository(in: metadata)
        for (name, damage) in [("gone", "remove"), ("flipped", "flip"), ("short", "truncate"), ("sound", "none")] {
            let blob = try await commit(name, to: blobs)
            let files = [
                try asset("hosted/" + name, blob, in: id), try asset("cached/" + name, blob, in: id, uploadedBy: nil),
            ]
            let index = CachedIndex(
                repository: id, key: name, blob: blob.digest, url: "https://example.test/", contentType: nil, etag: nil,
                lastModified: nil, fetched: moment, verified: moment)
            try await metadata.write { writing in
                for file in files { try writing.put(file) }
                try writing.put(index)
            }
            let hex = blob.digest.hex
            let url = URL(filePath: "\(folder.path)/blobs/\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex)")
            switch damage {
            case "remove": try FileManager.default.removeItem(at: url)
            case "flip": try Data("flippeD".utf8).write(to: url)
            case "truncate": try Data("sho".utf8).write(to: url)
            default: break
            }
        }
        let maintenance = Maintenance(metadata: metadata, blobs: blobs, clock: .system, log: .silent())
        let collected = Collected()
        let report = try await maintenance.verify(repair: false) { collected.add($0) }
        #expect(report.blobs == 4 && report.problems == 9 && report.repaired == 0)
        #expect(Set(collected.all.filter { $0.name.hasSuffix("gone") }.map(\.kind)) == [.missing])
        #expect(Set(collected.all.filter { !$0.name.hasSuffix("gone") }.map(\.kind)) == [.corrupt])
        #expect(!collected.all.contains { $0.name.hasSuffix("sound") })
        let repaired = try await maintenance.verify(repair: true)
        #expect(repaired.problems == 9 && repaired.repaired == 6)
        let left = try await metadata.read { try $0.assets(id, under: "", after: nil, limit: 99).map(\.record.path.text) }
        #expect(left == ["cached/sound", "hosted/flipped", "hosted/gone", "hosted/short", "hosted/sound"])
        #expect(try await metadata.read { try $0.cachedIndex(id, "sound") } != nil)
        #expect(try await metadata.read { try $0.cachedIndex(id, "short") } == nil)
    }

    @Test func `unknown blobs are told of page by page, however many there are`() async throws {
        for number in 0..<1000 { _ = try await commit("\(number)", to: blobs) }
        let pages = PageCounting(blobs)
        let asked = Mutex<[Int]>([])
        let told = Mutex<[BlobDigest]>([])
        let report = try await Maintenance(metadata: metadata, blobs: pages, log: .silent()).verify(
            repair: false,
            onUnknown: { blob in
                asked.withLock { $0.append(pages.count) }
                told.withLock { $0.append(blob.digest) }
            })
        #expect(report.unknown == 1000)
        #expect(told.withLock { $0 } == told.withLock { $0 }.sorted())
        // Nothing is kept of a page once the next is read.
        #expect(asked.withLock { $0 }.first == 1)
        #expect(Dictionary(grouping: asked.withLock { $0 }) { $0 }.values.allSatisfy { $0.count <= 200 })
    }

    @Test func `a disk that does not answer is no reason to forget anything`() async throws {
        let id = try await repository(in: metadata)
        let file = try asset("f", try await commit("x", to: blobs), in: id, uploadedBy: nil)
        try await metadata.write { try $0.put(file) }
        let failing = FaultyBlobStore(blobs, failing: 1)
        let maintenance = Maintenance(metadata: metadata, blobs: failing, clock: .system, log: .silent())
        let report = try await maintenance.verify(repair: true)
        #expect(report.problems == 1 && report.repaired == 0)
        #expect(try await metadata.read { try $0.asset(id, file.record.path) } == file)
    }

    @Test func `a collection that fails anywhere removes nothing that is needed and can be run again`() async throws {
        for number in 1...200 {
            let blobs = InMemoryBlobStore()
            let metadata = InMemoryMetadataStore()
            let id = try await repository(in: metadata)
            let needed = try await commit("needed", to: blobs)
            let file = try asset("f", needed, in: id)
            try await metadata.write { try $0.put(file) }
            for name in ["a", "b"] { _ = try await commit(name, to: blobs) }
            let faults = FaultCounter(failing: number)
            let maintenance = Maintenance(
                metadata: FaultyMetadataStore(metadata, faults: faults), blobs: FaultyBlobStore(blobs, faults: faults),
                clock: ahead(10), log: .silent())
            let outcome = try? await maintenance.collectGarbage(grace: 0, dryRun: false)
            #expect((outcome == nil) == faults.hasFailed)
            #expect(try await blobs.stat(needed.digest) != nil)
            let again = Maintenance(metadata: metadata, blobs: blobs, clock: ahead(10), log: .silent())
            _ = try await again.collectGarbage(grace: 0, dryRun: false)
            #expect(try await blobs.digests(after: nil, limit: 9) == [needed.digest])
            if outcome != nil { return }
        }
        Issue.record("the collection never succeeded")
    }
}

private final class Collected: Sendable {
    private let problems = Mutex<[VerifyProblem]>([])
    func add(_ problem: VerifyProblem) { problems.withLock { $0.append(problem) } }
    var all: [VerifyProblem] { problems.withLock { $0 } }
}

/// Counts how many pages of digests were asked for.
private final class PageCounting: BlobForwarding {
    let base: any BlobStore
    private let pages = Atomic(0)
    var count: Int { pages.load(ordering: .relaxed) }

    init(_ base: any BlobStore) { self.base = base }

    func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        pages.add(1, ordering: .relaxed)
        return try await base.digests(after: after, limit: limit)
    }
}
