import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct BlobCopyTests {
    let records = InMemoryMetadataStore()
    let source = InMemoryBlobStore()
    let target = InMemoryBlobStore()
    let pool = BlockingPool(name: "copy", threads: 1)

    /// A repository with one file for each of the texts.
    private func fill(_ texts: [String]) async throws -> [BlobDigest] {
        let moment = Timestamp(seconds: 0)
        let repository = try await records.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", created: moment, updated: moment))
            return try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
            ).id
        }
        var digests: [BlobDigest] = []
        for text in texts {
            let writer = try await source.begin()
            try await writer.write(Array(text.utf8))
            let blob = try await writer.commit(expecting: nil)
            let record = AssetRecord(path: try AssetPath("file-\(text.utf8.count)"))
            let asset = StoredAsset(
                repository: repository, record: record, blob: blob.digest, size: blob.size, uploadedBy: "alice", created: moment)
            try await records.write { try $0.put(asset) }
            digests.append(blob.digest)
        }
        return digests
    }

    private func copy(to target: any BlobStore) async throws -> (BlobCopy.Report, [BlobDigest]) {
        let problems = Mutex<[BlobDigest]>([])
        let report = try await BlobCopy(of: records, from: source, to: target, pool: pool).run { digest, _ in
            problems.withLock { $0.append(digest) }
        }
        return (report, problems.withLock { $0 })
    }

    @Test func `what records need is copied once`() async throws {
        let digests = try await fill(["a", "bc", "def"])
        let writer = try await source.begin()
        try await writer.write([1, 2, 3])
        _ = try await writer.commit(expecting: nil)  // Nothing needs this one.
        let (first, problems) = try await copy(to: target)
        #expect(first.copied == 3 && first.copiedBytes == 6 && first.present == 0 && problems.isEmpty)
        #expect(try await target.digests(after: nil, limit: 9) == digests.sorted())
        let (second, _) = try await copy(to: target)
        #expect(second.copied == 0 && second.present == 3)
    }

    @Test func `more files than a page holds are all copied`() async throws {
        let digests = try await fill((1...450).map { String(repeating: "x", count: $0) })
        #expect(try await copy(to: target).0.copied == 450)
        #expect(try await target.digests(after: nil, limit: 1000) == digests.sorted())
    }

    @Test func `what the source has lost is named, and the rest is copied`() async throws {
        let digests = try await fill(["a", "bc", "def"])
        try await source.delete(digests[1], committedBefore: .init(seconds: 1 << 40))
        let (report, problems) = try await copy(to: target)
        #expect(report.copied == 2 && report.problems == 1 && problems == [digests[1]])
    }

    @Test func `what is missing and needed no more is no problem, and damage always is one`() async throws {
        let digests = try await fill(["a", "bc", "def"])
        try await source.delete(digests[1], committedBefore: .init(seconds: 1 << 40))
        let asked = Mutex<[BlobDigest]>([])
        let copy = BlobCopy(of: records, from: source, to: target, pool: pool)
        let report = try await copy.run(
            onProblem: { _, _ in },
            isNeeded: { digest in
                asked.withLock { $0.append(digest) }
                return false
            })
        #expect(report.copied == 2 && report.problems == 0 && report.overtaken == 1)
        #expect(asked.withLock { $0 } == [digests[1]])
        var again = try await copy.run(onProblem: { _, _ in }, isNeeded: { _ in true })
        #expect(again.present == 2 && again.problems == 1 && again.overtaken == 0)
        again.add(report)
        #expect(again.copied == 2 && again.copiedBytes == 4 && again.present == 0)
    }

    @Test func `a target that fails stops the copy, at whatever step, and leaves no half of a file`() async throws {
        let digests = try await fill(["a", "bc", "def"])
        var failing = 1
        while true {
            let target = InMemoryBlobStore()
            let faulty = FaultyBlobStore(target, failing: failing, code: .storageFull)
            do {
                #expect(try await copy(to: faulty).0.copied == 3)
                #expect(!faulty.faults.hasFailed)
                break
            } catch let error as SaveError {
                #expect(error.code == .storageFull)
                #expect(try await target.digests(after: nil, limit: 9).allSatisfy(digests.contains))
            }
            failing += 1
        }
        #expect(failing > 6)
    }
}
