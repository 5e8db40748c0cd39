import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Testing

/// An upload in the order that the server keeps: the blob first, then its record, then the answer.
@Suite struct UploadFaultTests {
    @Test func `an upload that fails at any operation leaves no record without its bytes, and can be repeated`() async throws {
        let pool = BlockingPool(name: "test-files", threads: 2)
        defer { pool.stop() }
        for number in 1...100 {
            let folder = try TemporaryFolder()
            let metadata = try SQLiteStore.open(path: folder.path + "/save.db", readers: 1)
            let blobs = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
            let faults = FaultCounter(failing: number, code: .storageFull)
            let outcome: Void? = try? await upload(
                to: FaultyMetadataStore(metadata, faults: faults), FaultyBlobStore(blobs, faults: faults))
            #expect((outcome == nil) == faults.hasFailed)
            let maintenance = Maintenance(metadata: metadata, blobs: blobs, log: .silent())
            let report = try await maintenance.verify(repair: false)
            #expect(report.problems == 0 && report.blobs == (outcome == nil ? 0 : 1))
            #expect(try folder.names(in: "blobs/tmp") == [])
            try await upload(to: metadata, blobs)
            let afterwards = try await maintenance.verify(repair: false)
            #expect(afterwards.problems == 0 && afterwards.blobs == 1 && afterwards.bytes == 3)
            await metadata.close()
            // begin, two writes, commit, and both ends of the record's transaction.
            if outcome != nil {
                #expect(number == 7)
                return
            }
        }
        Issue.record("the upload never succeeded")
    }

    private func upload(to metadata: any MetadataStore, _ blobs: any BlobStore) async throws {
        let writer = try await blobs.begin()
        do {
            try await writer.write([1])
            try await writer.write([2, 3])
            let info = try await writer.commit(expecting: nil)
            try await metadata.write { writing in
                let moment = Timestamp(seconds: 0)
                let project =
                    try writing.projects().first ?? writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
                let repository =
                    try writing.repositories().first
                    ?? writing.put(
                        RepositoryRecord(
                            projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment,
                            updated: moment))
                try writing.put(
                    StoredAsset(
                        repository: repository.id, record: AssetRecord(path: try AssetPath("f")), blob: info.digest,
                        size: info.size,
                        uploadedBy: "alice", created: moment))
            }
        } catch {
            await writer.cancel()
            throw error
        }
    }
}
