import SaveBlobs
import SavePlatform
import SaveTestKit
import Testing

@Suite struct FileBlobStoreTests {
    let folder: TemporaryFolder
    let pool = BlockingPool(name: "test-files", threads: 2)

    init() throws { folder = try TemporaryFolder() }

    @Test func `what was committed is there after reopening`() async throws {
        let bytes = Array("content".utf8)
        let store = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        let writer = try await store.begin()
        try await writer.write(bytes)
        let reader = try writer.reader()
        #expect(try reader.read(at: 0, count: 100) == bytes)
        let info = try await writer.commit(expecting: BlobDigest(of: bytes))
        let reopened = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
        #expect(try await reopened.open(info.digest).read(at: 0, count: 100) == bytes)
        #expect(try await reopened.stat(info.digest) == info)
        #expect(try await reopened.digests(after: nil, limit: 10) == [info.digest])
        pool.stop()
    }
}
