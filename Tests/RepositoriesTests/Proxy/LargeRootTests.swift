import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Root indexes that are too large to be held.
@Suite struct LargeRootTests {
    private let root = EngineFixture.base + "index"
    private let names = (0..<200_000).map { "package-\(1_000_000 + $0)" }
    private var text: String { names.map { $0 + "\n" }.joined() }

    private func engine() async throws -> (EngineFixture, Int64) {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.upstream.answer(root, text: text, etag: "\"a\"")
        return (engine, id)
    }

    @Test func `R-18 a large root is sent in pieces, with the length and tag of what is sent`() async throws {
        let (engine, _) = try await engine()
        let first = await engine.send(.get, "/line/p/u/index")
        guard case .stream(let stream) = first.body else {
            Issue.record("not a stream")
            return
        }
        #expect(stream.length == Int64(text.utf8.count))
        #expect(try await first.text() == text)
        let second = await engine.send(.get, "/line/p/u/index")
        #expect(second.headers["etag"] == first.headers["etag"])
        #expect(try await second.text() == text)
        let tag = try #require(first.headers["etag"])
        #expect(await engine.send(.get, "/line/p/u/index", headers: ["If-None-Match": tag]).status == 304)
        #expect(engine.upstream.requests(of: root).count == 1)
    }

    @Test func `R-18 a small root is held, with the same tag as any page`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        #expect(await engine.put("/line/p/h/files/x/1", "one").status == 201)
        let answer = await engine.send(.get, "/line/p/h/index")
        guard case .bytes(let bytes) = answer.body else {
            Issue.record("not held")
            return
        }
        #expect(bytes == Array("x\n".utf8))
    }

    @Test func `a large root comes from the disk while the upstream is down, and is asked for by its tag`() async throws {
        let (engine, id) = try await engine()
        #expect(try await engine.get("/line/p/u/index").status == 200)
        await engine.services.upstreams.finishCopies()
        #expect(try await engine.store.read { try $0.cachedIndex(id, "root") } != nil)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index").text == text)
        #expect(engine.upstream.requests(of: root).last?.headers["if-none-match"] == "\"a\"")
        engine.upstream.fail(root)
        engine.clock.advance(seconds: 61)
        let stale = await engine.send(.get, "/line/p/u/index")
        #expect(stale.headers["x-save-cache"] == "stale")
        #expect(try await stale.text() == text)
    }

    @Test func `a large root that is none leaves nothing behind`() async throws {
        let (engine, _) = try await engine()
        engine.upstream.answer(
            root, .init(chunks: [Array("package-1\n".utf8)], length: nil, failure: SaveError(.upstreamUnavailable, "cut")))
        #expect(try await engine.get("/line/p/u/index").status == 503)
        #expect(try await engine.blobCount() == 0)
    }
}
