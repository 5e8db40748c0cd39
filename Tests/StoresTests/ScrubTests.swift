import Foundation
import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct ScrubTests {
    let folder: TemporaryFolder
    let pool = BlockingPool(name: "test-files", threads: 2)
    let metadata = InMemoryMetadataStore()
    let blobs: FileBlobStore
    let touched = Touched()

    init() throws {
        folder = try TemporaryFolder()
        blobs = try FileBlobStore(root: folder.path + "/blobs", pool: pool)
    }

    private func scrub() -> Scrub {
        Scrub(metadata: metadata, blobs: blobs, rate: 1 << 40, clock: .system, log: .silent()) { [touched] in
            touched.add($0.record.path.text)
        }
    }

    private func store(_ text: String) async throws -> BlobInfo {
        let writer = try await blobs.begin()
        try await writer.write(Array(text.utf8))
        return try await writer.commit(expecting: nil) { $0 }
    }

    /// A file for each of the texts.
    private func fill(_ texts: [String]) async throws -> [BlobInfo] {
        var stored: [BlobInfo] = []
        for text in texts { stored.append(try await store(text)) }
        let files = stored
        try await metadata.write { writing in
            let moment = Timestamp(seconds: 0)
            let project = try writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            let repository = try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
            )
            for (text, blob) in zip(texts, files) {
                try writing.put(
                    StoredAsset(
                        repository: repository.id, record: AssetRecord(path: try AssetPath(text)), blob: blob.digest,
                        size: blob.size, uploadedBy: "alice", created: moment))
            }
        }
        return stored
    }

    private func place(_ digest: BlobDigest) -> URL {
        let hex = digest.hex
        return URL(filePath: "\(folder.path)/blobs/\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex)")
    }

    @Test func `a changed bit is found, and the file is served no more`() async throws {
        let files = try await fill(["one", "two", "three"])
        let scrub = scrub()
        try await scrub.readAll(pool)
        #expect(scrub.report.blobs == 3 && scrub.report.damaged == 0 && scrub.report.rounds == 1 && scrub.report.bytes == 11)
        // As a disk does it: the time of the file stays.
        let url = place(files[1].digest)
        let descriptor = open(url.path, O_WRONLY)
        var facts = stat()
        #expect(fstat(descriptor, &facts) == 0 && pwrite(descriptor, [0xFF], 1, 0) == 1)
        var times = [facts.st_atim, facts.st_mtim]
        #expect(futimens(descriptor, &times) == 0)
        close(descriptor)
        for _ in 0..<2 {
            try await scrub.readAll(pool)
            #expect(scrub.report.damaged == 1)
            await #expect { _ = try await blobs.open(files[1].digest) } throws: { ($0 as? SaveError)?.code == .assetNotFound }
        }
        #expect(touched.all.first == "two")
        #expect(try folder.names(in: "blobs/damaged") == [files[1].digest.hex])
        #expect(try await blobs.digests(after: nil, limit: 9).count == 2)
        // Stored again, it counts no more.
        _ = try await store("two")
        try await scrub.readAll(from: files[1].digest, pool)
        #expect(scrub.report.damaged == 0)
        #expect(try await blobs.open(files[1].digest).read(at: 0, count: 9, pool: pool) == Array("two".utf8))
        pool.stop()
    }

    @Test func `what was stored again since it was looked at is not set aside`() async throws {
        let old = try await store("one")
        while PlatformClock.system.now() <= old.committed {}
        let new = try await store("one")
        #expect(try await !blobs.setAside(old.digest, committed: old.committed))
        let writer = try await blobs.begin()
        try await writer.write(Array("one".utf8))
        let held = try await writer.commit(expecting: nil)
        #expect(try await !blobs.setAside(held.digest, committed: held.committed), "its holder has just written it")
        await writer.cancel()
        #expect(new.digest == held.digest)
        #expect(try await blobs.setAside(held.digest, committed: held.committed))
        #expect(try await blobs.stat(held.digest) == nil)
        pool.stop()
    }

    @Test func `what no record needs is nobody's damage`() async throws {
        let blob = try await store("garbage")
        try FileManager.default.removeItem(at: place(blob.digest))
        let scrub = scrub()
        try await scrub.readAll(pool)
        #expect(scrub.report.damaged == 0 && scrub.report.blobs == 0)
        pool.stop()
    }
}

final class Touched: Sendable {
    private let paths = Mutex<[String]>([])
    func add(_ path: String) { paths.withLock { $0.append(path) } }
    var all: [String] { paths.withLock { $0 } }
}
