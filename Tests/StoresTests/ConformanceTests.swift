import Foundation
import SaveBlobs
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Testing

@Suite struct BlobStoreConformanceTests {
    @Test(arguments: BlobStoreConformance.laws)
    func `files keep the law`(_ law: BlobStoreConformance.Law) async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 3)
        defer { pool.stop() }
        let store = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        try await law.check(store)
        #expect(try folder.names(in: "blobs/tmp") == [])
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `memory keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        try await law.check(InMemoryBlobStore(hasFiles: true))
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `a store without local files keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        let store = InMemoryBlobStore()
        try await law.check(store)
        let writer = try await store.begin()
        let info = try await writer.commit(expecting: nil) { $0 }
        #expect(try await store.open(info.digest).file == nil)
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `a fault that never comes changes nothing`(_ law: BlobStoreConformance.Law) async throws {
        try await law.check(FaultyBlobStore(InMemoryBlobStore(), failing: .max))
    }
}

@Suite struct MetadataStoreConformanceTests {
    @Test(arguments: MetadataStoreConformance.laws)
    func `SQLite keeps the law`(_ law: MetadataStoreConformance.Law) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore.open(path: folder.path + "/save.db", readers: 2)
        do {
            try await law.check(store)
            await store.close()
        } catch {
            await store.close()
            throw error
        }
        #expect(try SQLiteStore.problems(path: folder.path + "/save.db") == [])
        // The last connection moved the log into the file, and left an empty one: a full disk would take no new one.
        #expect(try folder.names(in: "") == ["save.db", "save.db-shm", "save.db-wal"])
        #expect(try Data(contentsOf: URL(filePath: folder.path + "/save.db-wal")).isEmpty)
    }

    @Test(arguments: MetadataStoreConformance.laws)
    func `memory keeps the law`(_ law: MetadataStoreConformance.Law) async throws {
        try await law.check(InMemoryMetadataStore())
    }

    @Test(arguments: MetadataStoreConformance.laws)
    func `a fault that never comes changes nothing`(_ law: MetadataStoreConformance.Law) async throws {
        try await law.check(FaultyMetadataStore(InMemoryMetadataStore(), failing: .max))
    }
}
