import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// What makes a page in memory be rendered again, and what does not.
@Suite struct RenderingTests {
    private static let page = EngineFixture.base + "index/x"

    /// A proxy `u` of a package `x`, a hosted repository `h` with a package `y`, and a group `g` over both.
    private func engine(_ change: @Sendable (inout RepositoryRecord) -> Void = { _ in }) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy, change)
        let hosted = try await engine.add("h", .hosted)
        let inner = try await engine.add("inner", .group) { $0.group.members = [proxy, hosted] }
        try await engine.add("g", .group) { $0.group.members = [inner] }
        engine.announce([("1", "one")], etag: "\"a\"")
        #expect(await engine.put("/line/p/h/files/y/1", "mine").status == 201)
        return engine
    }

    private static let pages = ["u/index/x", "h/index/y", "inner/index/x", "g/index/x", "g/index/y", "g/index"]

    /// How many renderings it takes to answer with each page, three times.
    private func renderings(_ engine: EngineFixture, of pages: [String] = Self.pages) async throws -> Int {
        let before = engine.serving.renderings
        for _ in 0..<3 {
            for page in pages { #expect(try await engine.get("/line/p/\(page)").status == 200) }
        }
        return engine.serving.renderings - before
    }

    @Test func `a change of another repository outdates no page`() async throws {
        let engine = try await engine()
        #expect(try await renderings(engine) == Self.pages.count)
        let other = try await engine.add("other", .proxy)
        engine.services.administration.contentChanged(in: other, package: nil)
        #expect(try await renderings(engine) == 0)
        try await engine.change(other) { $0.description = "changed" }
        engine.services.administration.contentChanged(in: other, package: nil)
        #expect(try await renderings(engine) == 0)
        try await engine.services.administration.invalidateCache(of: try #require(engine.catalogue.current.repository(id: other)))
        #expect(try await renderings(engine) == 0)
        try await engine.store.write { try $0.deleteRepository(other) }
        try await engine.catalogue.reload()
        engine.services.administration.contentChanged(in: other, package: nil)
        #expect(try await renderings(engine) == 0)
    }

    @Test(arguments: [("u", 4), ("h", 5), ("inner", 4), ("g", 3)])
    func `a change of a repository outdates its own pages and those of the groups over it, each once`(
        name: String, count: Int
    ) async throws {
        let engine = try await engine()
        _ = try await renderings(engine)
        let id = try #require(engine.catalogue.current.repository(project: "p", name: name)).record.id
        for description in [nil, "changed"] {
            if let description { try await engine.change(id) { $0.description = description } }
            engine.services.administration.contentChanged(in: id, package: nil)
            // A page of a group rests on the members that were asked on the way.
            #expect(try await renderings(engine) == count)
            #expect(try await renderings(engine) == 0)
        }
    }

    @Test func `a change of a member of an inner group shows in the outer group`() async throws {
        let engine = try await engine()
        #expect(try await engine.get("/line/p/g/index/y").status == 200)
        let inner = try #require(engine.catalogue.current.repository(project: "p", name: "inner")).record
        let proxy = inner.group.members[0]
        try await engine.change(inner.id) { $0.group.members = [proxy] }
        engine.services.administration.contentChanged(in: inner.id, package: nil)
        #expect(try await engine.get("/line/p/g/index/y").status == 404)
    }

    @Test func `a change of a cached package outdates its page once, not for good`() async throws {
        let engine = try await engine()
        _ = try await renderings(engine)
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        #expect(try await renderings(engine) <= 3)
        #expect(try await renderings(engine) == 0)
    }

    @Test func `a page that the upstream confirms is not rendered again, however often`() async throws {
        let engine = try await engine { $0.proxy.cacheTTL = 100 }
        _ = try await renderings(engine)
        for round in 1...3 {
            engine.clock.advance(seconds: 101)
            #expect(try await renderings(engine) == 0)
            #expect(engine.upstream.requests(of: Self.page).count == 1 + round)
        }
        engine.announce([("1", "one"), ("2", "two")], etag: "\"b\"")
        engine.clock.advance(seconds: 101)
        #expect(try await engine.get("/line/p/u/index/x").text.split(separator: "\n").count == 2)
        #expect(try await engine.get("/line/p/g/index/x").text.split(separator: "\n").count == 2)
    }

    @Test func `a page that an upstream without validators sends again as it was is not rendered again`() async throws {
        let engine = try await engine { $0.proxy.cacheTTL = 100 }
        engine.announce([("1", "one")])
        _ = try await renderings(engine)
        for round in 1...2 {
            engine.clock.advance(seconds: 101)
            #expect(try await renderings(engine) == 0)
            #expect(engine.upstream.requests(of: Self.page).count == 1 + round)
        }
    }

    @Test func `a page of a proxy that asks each time is not rendered again for a confirmation`() async throws {
        let engine = try await engine { $0.proxy.cacheTTL = 0 }
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        #expect(engine.upstream.requests(of: Self.page).count == 3)
    }

    @Test func `a page of a union is not rendered again when a member still has nothing`() async throws {
        let engine = try await EngineFixture()
        let first = try await engine.add("u", .proxy)
        let second = try await engine.add("v", .proxy) {
            $0.proxy.remoteURL = "http://other.test/"
            $0.proxy.resolvedURL = "http://other.test/"
            $0.proxy.negativeCacheTTL = 60
        }
        try await engine.add("g", .group) {
            $0.group.members = [first, second]
            $0.group.policy = .union
        }
        engine.announce([("1", "one")])
        #expect(try await renderings(engine, of: ["g/index/x"]) == 1)
        engine.clock.advance(seconds: 61)
        #expect(try await renderings(engine, of: ["g/index/x"]) == 0)
        #expect(engine.upstream.requests(of: "http://other.test/index/x").count == 2)
        engine.upstream.answer("http://other.test/index/x", text: "files/x/9 1 -\n")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/g/index/x").text.split(separator: "\n").count == 2)
    }

    @Test func `an outage renders a page once to say so, and its end once more`() async throws {
        let engine = try await engine { $0.proxy.cacheTTL = 100 }
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        engine.upstream.fail(Self.page)
        engine.clock.advance(seconds: 101)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        engine.clock.advance(seconds: 11)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 0)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
        engine.announce([("1", "one")], etag: "\"a\"")
        engine.clock.advance(seconds: 11)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == nil)
    }

    @Test func `a sidecar that comes as it was announced outdates no page`() async throws {
        let engine = try await engine()
        let content = "needs y"
        let digest = BlobDigest(of: Array(content.utf8)).hex
        let boxes = (1...3).map { "files/x/\($0).box 100 \(digest)" }
        engine.upstream.answer(Self.page, text: "\(boxes[0]) \(digest)\n\(boxes[1]) \(digest)\n\(boxes[2])\n")
        engine.upstream.answer(EngineFixture.base + "files/x/1.box.note", text: content)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        #expect(try await engine.get("/line/p/u/files/x/1.box.note").text == content)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 0)
        // The upstream has announced this one and has it not: that shows.
        #expect(try await engine.get("/line/p/u/files/x/2.box.note").status != 200)
        #expect(try await renderings(engine, of: ["u/index/x"]) == 1)
        let lines = try await engine.get("/line/p/u/index/x").text.split(separator: "\n")
        #expect(lines.map { $0.split(separator: " ").count } == [4, 3, 4])
    }
}
