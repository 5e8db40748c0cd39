import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Copies of upstreams' indexes get to the disk after the answer.
@Suite struct IndexCopyTests {
    private let page = EngineFixture.base + "index/x"

    private func copy(_ engine: EngineFixture, _ id: Int64) async throws -> CachedIndex? {
        await engine.services.upstreams.finishCopies()
        return try await engine.store.read { try $0.cachedIndex(id, "package/x") }
    }

    @Test func `a page is answered though the disk is full, and nothing is kept of it`() async throws {
        let engine = try await EngineFixture(blobs: FaultyBlobStore(InMemoryBlobStore(), failing: 3, code: .storageFull))
        let id = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.announce([("1", "one")], etag: "\"a\"")
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(try await copy(engine, id) == nil)
        #expect(try await engine.blobCount() == 0)
        #expect(engine.services.upstreams.unkeptIndexes == 1)
        // It counts as long as any other, and is confirmed like one.
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(engine.upstream.requests(of: page).count == 1)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(engine.upstream.requests(of: page).last?.headers["if-none-match"] == "\"a\"")
        #expect(try await copy(engine, id) == nil)
    }

    @Test func `what the upstream confirms is not taken for an older page on the disk`() async throws {
        // Four steps for the first copy. The second fails at its first.
        let engine = try await EngineFixture(blobs: FaultyBlobStore(InMemoryBlobStore(), failing: 5, code: .storageFull))
        let id = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.announce([("1", "one")], etag: "\"a\"")
        _ = try await engine.get("/line/p/u/index/x")
        let first = try #require(try await copy(engine, id))
        engine.announce([("1", "one"), ("2", "two")], etag: "\"b\"")
        for _ in 0..<2 {
            engine.clock.advance(seconds: 61)
            #expect(try await engine.get("/line/p/u/index/x").text.split(separator: "\n").count == 2)
        }
        #expect(engine.services.upstreams.unkeptIndexes == 1)
        #expect(try await copy(engine, id) == first)
    }

    @Test func `a copy does not come back after the cache was emptied`() async throws {
        let gate = Gate()
        let engine = try await EngineFixture(blobs: GatedBlobStore(gate))
        let id = try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        _ = try await engine.get("/line/p/u/index/x")
        let repository = try #require(engine.catalogue.current.repository(id: id))
        async let emptied: Void = engine.services.administration.invalidateCache(of: repository)
        gate.open()
        try await emptied
        #expect(try await copy(engine, id) == nil)
    }

    @Test func `a copy of another upstream than the proxy has now is not kept`() async throws {
        let gate = Gate()
        let engine = try await EngineFixture(blobs: GatedBlobStore(gate))
        let id = try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        try await engine.change(id) { $0.proxy.remoteURL = "http://other.test/" }
        gate.open()
        #expect(try await copy(engine, id) == nil)
    }
}

/// Begins no blob before a gate is open.
private final class GatedBlobStore: BlobForwarding {
    let base: any BlobStore = InMemoryBlobStore()
    private let gate: Gate

    init(_ gate: Gate) { self.gate = gate }

    func begin() async throws -> any BlobWriter {
        await gate.wait()
        return try await base.begin()
    }
}
