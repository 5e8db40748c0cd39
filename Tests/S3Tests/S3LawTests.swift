import SavePlatform
import SaveS3
import SaveTestKit
import Testing

@Suite struct S3LawTests {
    @Test(arguments: BlobStoreConformance.laws)
    func `a bucket without copies keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        let test = try TestStore(try ScriptedBucket())
        test.bucket.setPageSize(7)
        try await law.check(test.store)
        #expect(try test.names() == [])
        #expect(test.bucket.keys.allSatisfy { $0.hasPrefix("save/blobs/") })
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `a bucket with copies keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        let test = try TestStore(try ScriptedBucket(), cacheSize: 400_000)
        try await law.check(test.store)
        #expect(try test.names() == [])
        #expect(test.store.cachedBytes <= 400_000)
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `a bucket to which files go in parts keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        let test = try TestStore(try ScriptedBucket()) {
            $0.maxPutBytes = 4000
            $0.partSize = 3000
        }
        try await law.check(test.store)
        #expect(test.bucket.uploads == [])
    }

    @Test(arguments: BlobStoreConformance.laws)
    func `what a bucket has behind its copies keeps the law`(_ law: BlobStoreConformance.Law) async throws {
        let test = try TestStore(try ScriptedBucket(), cacheSize: 1 << 20)
        try await law.check(test.store.withoutCopies)
        #expect(try test.names() == [])
    }
}
