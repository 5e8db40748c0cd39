import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct StorageCensusTests {
    private let clock = ManualClock()

    /// Walks that find 1, 2, 3, … bytes and begin when they may.
    private final class Walks: Sendable {
        let count = Mutex(0)
        let (permits, permit) = AsyncStream<Void>.makeStream()

        func census(_ clock: ManualClock, waiting: Bool, patience: UInt64 = 15_000_000) -> StorageCensus {
            StorageCensus(clock: clock.platform, log: .silent(), patience: patience) { [self] in
                if waiting { for await _ in permits { break } }
                var sizes = StorageCensus.Sizes()
                sizes.physical = Int64(
                    count.withLock { count in
                        count += 1
                        return count
                    })
                return sizes
            }
        }
    }

    @Test func `what is counted quickly is counted for each who asks`() async throws {
        let census = Walks().census(clock, waiting: false)
        for number in 1...3 {
            let found = try #require(await census.finding())
            #expect(found.sizes.physical == Int64(number))
            #expect(found.measured == nil)
        }
    }

    @Test func `nobody waits for a long count: they get the last one with its time`() async throws {
        let walks = Walks()
        let census = walks.census(clock, waiting: true)
        let began = clock.platform.now()
        #expect(await census.finding() == nil)
        let walk = try #require(census.begin())
        clock.advance(seconds: 1)
        walks.permit.yield()
        await walk.value
        // It took a second: for twenty more none is made.
        for _ in 0..<3 {
            let found = try #require(await census.finding())
            #expect(found.sizes.physical == 1)
            #expect(found.measured == began)
        }
        #expect(walks.count.withLock { $0 } == 1)
        clock.advance(seconds: 21)
        #expect(await census.finding()?.sizes.physical == 1)
        let second = try #require(census.begin())
        walks.permit.yield()
        await second.value
        #expect(walks.count.withLock { $0 } == 2)
        walks.permit.finish()
    }

    @Test(.timeLimit(.minutes(1))) func `a count that has taken longer than callers wait is waited for by none`() async throws {
        let walks = Walks()
        let census = walks.census(clock, waiting: true, patience: 1_000_000_000_000)
        let walk = try #require(census.begin())
        clock.advance(seconds: 1001)
        for _ in 0..<3 { #expect(await census.finding()?.sizes == nil) }
        walks.permit.yield()
        await walk.value
        #expect(walks.count.withLock { $0 } == 1)
        walks.permit.finish()
    }

    @Test func `blobs are told apart by what needs them, and what would go is what garbage collection removes`() async throws {
        let metadata = InMemoryMetadataStore()
        let blobs = InMemoryBlobStore()
        let moment = Timestamp(seconds: 0)
        func commit(_ text: String) async throws -> BlobInfo {
            let writer = try await blobs.begin()
            try await writer.write(Array(text.utf8))
            return try await writer.commit(expecting: nil)
        }
        let (file, page, both) = (try await commit("f"), try await commit("pp"), try await commit("bbbb"))
        _ = try await commit("gggggggg")
        try await metadata.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            let id = try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "r", format: "raw", kind: .proxy, created: moment, updated: moment)
            ).id
            for blob in [file, both] {
                try writing.put(
                    StoredAsset(
                        repository: id, record: AssetRecord(path: try AssetPath(blob.digest.hex)), blob: blob.digest,
                        size: blob.size, uploadedBy: nil, created: moment))
            }
            for blob in [page, both] {
                try writing.put(
                    CachedIndex(
                        repository: id, key: blob.digest.hex, blob: blob.digest, url: "https://example.test/", contentType: nil,
                        etag: nil, lastModified: nil, fetched: moment, verified: moment))
            }
        }
        var expected = StorageCensus.Sizes()
        expected.physical = 15
        expected.referenced = 5
        expected.cachedIndexes = 2
        for (ahead, reclaimable) in [(Int64(0), Int64(0)), (200, 8)] {
            let clock = PlatformClock(
                now: { PlatformClock.system.now().adding(seconds: ahead) }, uptime: PlatformClock.system.uptime)
            let maintenance = Maintenance(metadata: metadata, blobs: blobs, clock: clock, log: .silent())
            expected.reclaimable = reclaimable
            #expect(try await maintenance.measure(grace: 100) == expected)
            #expect(try await maintenance.collectGarbage(grace: 100, dryRun: true).removedBytes == reclaimable)
        }
    }

    @Test func `a database of an earlier version is counted when it is opened`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/save.db"
        let first = try SQLiteStore.open(path: path)
        let moment = Timestamp(seconds: 0)
        try await first.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            let id = try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
            ).id
            for number in 1...3 {
                var record = AssetRecord(path: try AssetPath("f\(number)"))
                if number == 3 { record.sidecarOf = try AssetPath("f1") }
                try writing.put(
                    StoredAsset(
                        repository: id, record: record, blob: BlobDigest(of: []), size: 10, uploadedBy: nil, created: moment))
            }
        }
        let expected = try await first.read { try $0.counts() }
        #expect((expected.files, expected.sidecars, expected.logicalBytes) == (2, 1, 30))
        await first.close()
        let raw = try RawDatabase(path)
        for table in ["assets", "packages"] {
            for change in ["insert", "update", "delete"] { try raw.run("DROP TRIGGER \(table)_sum_\(change)") }
        }
        try raw.run("DROP TABLE content_counts")
        try raw.run("DELETE FROM schema_migrations WHERE name = 'content counts'")
        raw.close()
        let second = try SQLiteStore.open(path: path)
        #expect(try await second.read { try $0.counts() } == expected)
        await second.close()
    }
}
