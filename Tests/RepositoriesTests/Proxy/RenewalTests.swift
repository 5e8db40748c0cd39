import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Asking an upstream before what it said expires.
@Suite struct RenewalTests {
    private let page = EngineFixture.base + "index/x"

    private func proxied(ttl: Int64 = 1000) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { $0.proxy.cacheTTL = ttl }
        engine.announce([("1", "one")], etag: "\"a\"")
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        return engine
    }

    /// Runs what renews while `body` runs.
    private func renewing(_ engine: EngineFixture, _ body: () async throws -> Void) async throws {
        let renewal = Task { await engine.services.revalidation.run() }
        do { try await body() } catch {
            renewal.cancel()
            throw error
        }
        renewal.cancel()
        await renewal.value
    }

    private func asked(_ engine: EngineFixture, times count: Int) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while engine.upstream.requests(of: page).count < count || engine.services.revalidation.waiting > 0 {
            try #require(ContinuousClock.now < end, "the upstream was not asked \(count) times")
            await Task.yield()
        }
    }

    @Test func `a page in use is renewed before it expires, and nobody waits for it`() async throws {
        let engine = try await proxied()
        try await renewing(engine) {
            engine.clock.advance(seconds: 799)
            for _ in 0..<5 { _ = await engine.send(.get, "/line/p/u/index/x") }
            #expect(engine.upstream.requests(of: page).count == 1)
            engine.clock.advance(seconds: 2)
            for _ in 0..<5 { _ = await engine.send(.get, "/line/p/u/index/x") }
            try await asked(engine, times: 2)
            #expect(engine.upstream.requests(of: page).last?.headers["if-none-match"] == "\"a\"")
        }
        // Past its first end it holds: nobody had to ask.
        engine.clock.advance(seconds: 500)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == nil)
        #expect(engine.upstream.requests(of: page).count == 2)
    }

    @Test func `a page that clients only ask for by HEAD is in use, too`() async throws {
        let engine = try await proxied()
        try await renewing(engine) {
            engine.clock.advance(seconds: 801)
            #expect(await engine.send(.head, "/line/p/u/index/x").status == 200)
            try await asked(engine, times: 2)
        }
        #expect(engine.upstream.requests(of: page).last?.headers["if-none-match"] == "\"a\"")
    }

    @Test func `a page that nobody uses is not asked for`() async throws {
        let engine = try await proxied()
        try await renewing(engine) {
            engine.clock.advance(seconds: 900)
            await Task.yield()
        }
        #expect(engine.upstream.requests(of: page).count == 1)
    }

    @Test func `a renewal that fails costs nothing`() async throws {
        let engine = try await proxied()
        engine.upstream.fail(page)
        try await renewing(engine) {
            engine.clock.advance(seconds: 850)
            _ = await engine.send(.get, "/line/p/u/index/x")
            try await asked(engine, times: 2)
        }
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == nil)
        engine.clock.advance(seconds: 151)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
    }

    @Test func `R-48 no-cache asks the upstream at once, and once however many ask`() async throws {
        let engine = try await proxied()
        engine.clock.advance(seconds: 1)
        engine.announce([("1", "one"), ("2", "two")], etag: "\"b\"")
        let fresh = await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "no-cache"])
        #expect(try await fresh.text().split(separator: "\n").count == 2)
        engine.announce([("3", "three")], etag: "\"c\"")
        engine.clock.advance(seconds: 5)
        for _ in 0..<10 { _ = await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "no-cache"]) }
        #expect(engine.upstream.requests(of: page).count == 2)
        engine.clock.advance(seconds: 6)
        let later = await engine.send(.get, "/line/p/u/index/x", headers: ["cache-control": "No-Cache, no-store"])
        #expect(try await later.text().hasPrefix("files/x/3"))
        #expect(engine.upstream.requests(of: page).count == 3)
    }

    @Test func `R-48 no-cache finds what was not there a moment ago`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { $0.proxy.negativeCacheTTL = 600 }
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 404)
        engine.clock.advance(seconds: 1)
        engine.announce([("1", "one")])
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 404)
        #expect(await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "no-cache"]).status == 200)
    }

    @Test func `R-48 no-cache on a page that was just fetched asks no second time, and a failing upstream leaves the page`()
        async throws
    {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        #expect(await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "no-cache"]).status == 200)
        #expect(engine.upstream.requests(of: page).count == 1)
        engine.upstream.fail(page)
        engine.clock.advance(seconds: 20)
        let kept = await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "no-cache"])
        #expect(kept.status == 200)
        #expect(engine.upstream.requests(of: page).count == 2)
    }

    @Test func `R-48 max-age=0 is a hint: an old page is renewed behind the client's back`() async throws {
        let engine = try await proxied(ttl: 86_400)
        try await renewing(engine) {
            engine.clock.advance(seconds: 299)
            _ = await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "max-age=0"])
            engine.clock.advance(seconds: 2)
            _ = await engine.send(.get, "/line/p/u/index/x")
            #expect(engine.upstream.requests(of: page).count == 1)
            _ = await engine.send(.get, "/line/p/u/index/x", headers: ["Cache-Control": "max-age=0"])
            try await asked(engine, times: 2)
        }
    }

    @Test func `a name that is hosted is asked of no upstream by any wish`() async throws {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy)
        let hosted = try await engine.add("h", .hosted)
        try await engine.add("g", .group) { $0.group.members = [proxy, hosted] }
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        for field in ["no-cache", "max-age=0"] {
            #expect(await engine.send(.get, "/line/p/g/index/x", headers: ["Cache-Control": field]).status == 200)
        }
        #expect(engine.upstream.requestCount == 0)
    }
}
