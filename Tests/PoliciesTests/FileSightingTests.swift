import EngineTestKit
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// How old a file is for which its upstream gives no time.
@Suite struct FileSightingTests {
    private let store = InterleavedMetadataStore()

    private func made() async throws -> (EngineFixture, FileSightings, repository: Int64) {
        let engine = try await EngineFixture(store: store)
        let repository = try await engine.add("u", .proxy)
        return (engine, FileSightings(store: store, clock: engine.clock.platform, log: .silent()), repository)
    }

    private func file(_ content: String, _ algorithms: [DigestAlgorithm], at path: String = "files/x/1") throws -> AssetRecord {
        AssetRecord(
            path: try AssetPath(path),
            checksums: try algorithms.map { try #require(Checksum($0, hex: Digest.hex(Array(content.utf8), $0))) })
    }

    @Test(
        arguments: [[.sha256], [.sha512, .sha1], [.sha1], [.md5], [.md5, .sha256], [.blake2b256, .md5]] as [[DigestAlgorithm]])
    func `other bytes under a name are new, and new again when they come back, whichever digest tells`(
        _ algorithms: [DigestAlgorithm]
    ) async throws {
        let (engine, sightings, repository) = try await made()
        let (one, other) = (try file("one", algorithms), try file("other", algorithms))
        func seen(_ file: AssetRecord) async throws -> Timestamp? {
            try await sightings.times(of: [file], in: repository, keepsNew: true)[file.path]
        }
        let start = engine.clock.platform.now()
        #expect(try await seen(one) == start)
        for file in [other, one] {
            engine.clock.advance(seconds: 60)
            let now = engine.clock.platform.now()
            for _ in 0..<2 {
                #expect(try await seen(file) == now)
                engine.clock.advance(seconds: 1)
            }
        }
    }

    @Test func `a file was seen when it was fetched, if these bytes were`() async throws {
        let (engine, sightings, repository) = try await made()
        let created = engine.clock.platform.now()
        let stored = StoredAsset(
            repository: repository, record: try file("one", [.sha512, .sha1]), blob: BlobDigest(of: Array("one".utf8)), size: 3,
            uploadedBy: nil, created: created)
        try await store.write { try $0.put(stored) }
        engine.clock.advance(seconds: 60)
        for (content, algorithms, isSame) in [
            ("one", [.sha512, .sha1], true), ("one", [.sha1], true), ("one", [.sha256], true), ("one", [], true),
            ("other", [.sha512, .sha1], false), ("other", [.sha1], false), ("other", [.sha256], false), ("one", [.md5], false),
        ] as [(String, [DigestAlgorithm], Bool)] {
            let file = try file(content, algorithms)
            let seen = try await sightings.times(of: [file], in: repository, keepsNew: true)[file.path]
            #expect(seen == (isSame ? created : engine.clock.platform.now()), "\(content) \(algorithms)")
        }
    }

    @Test func `many files are noted in several transactions`() async throws {
        let (_, sightings, repository) = try await made()
        let files = try (0..<1001).map { try file("one", [.sha256], at: "files/x/\($0)") }
        let count = Mutex(0)
        store.beforeNextWrite(times: 100) { _ in count.withLock { $0 += 1 } }
        #expect(try await sightings.times(of: files, in: repository, keepsNew: true).count == 1001)
        #expect(count.withLock { $0 } == 3)
    }
}
