import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// A proxy whose upstream settings change while its upstream is being asked.
@Suite struct MovedUpstreamTests {
    static let other = "http://other.test/"
    private static let page = "/line/p/u/index/x"

    /// What an operator may change of an upstream.
    enum Change: String, CaseIterable, Sendable {
        case remoteURL, username, password, missingStatuses, allowedHosts, cacheTTL

        func apply(to record: inout RepositoryRecord) {
            switch self {
            case .remoteURL:
                record.proxy.remoteURL = MovedUpstreamTests.other
                record.proxy.resolvedURL = MovedUpstreamTests.other
            case .username: record.proxy.remoteUsername = "somebody"
            case .password: record.proxy.sealedPassword = "00"
            case .missingStatuses: record.proxy.missingStatuses = [403]
            case .allowedHosts: record.proxy.allowedFileHosts = ["upstream.test", "other.test"]
            case .cacheTTL: record.proxy.cacheTTL = 60
            }
        }

        var base: String { self == .remoteURL ? MovedUpstreamTests.other : EngineFixture.base }
    }

    /// Does what the REST API does.
    private func change(_ engine: EngineFixture, _ id: Int64, _ change: @escaping @Sendable (inout RepositoryRecord) -> Void)
        async throws
    {
        engine.clock.advance(seconds: 1)
        try await engine.change(id) { record in
            change(&record)
            record.updated = engine.clock.platform.now()
        }
        engine.services.administration.contentChanged(in: id, package: nil)
    }

    /// Asks without comparing the answer with one that is in memory, which may be a later one.
    private func ask(_ engine: EngineFixture, _ path: String) async throws -> (status: Int, text: String) {
        let answer = await engine.plane.respond(
            to: HTTPRequest(method: .get, target: Array(path.utf8), headers: ["Authorization": "admin"], body: .empty))
        return (answer.status, try await answer.text())
    }

    private func line(_ name: String, _ text: String) -> String {
        "files/x/\(name) \(text.utf8.count) \(BlobDigest(of: Array(text.utf8)))\n"
    }

    @Test(arguments: Change.allCases)
    func `a page that was on its way is for nobody who asks after the change, and is not kept`(_ what: Change) async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        let hold = Hold()
        engine.upstream.answer(EngineFixture.base + "index/x", .init(chunks: [Array(line("1", "old").utf8)], hold: hold))
        async let early = ask(engine, Self.page)
        await hold.reached.wait()
        engine.upstream.answer(what.base + "index/x", text: line("2", "new"))
        try await change(engine, id) { what.apply(to: &$0) }
        async let late = engine.get(Self.page)
        hold.gate.open()
        #expect(try await late.text == line("2", "new"))
        _ = try await early
        await engine.services.upstreams.finishCopies()
        #expect(try await engine.get(Self.page).text == line("2", "new"))
        let row = try await engine.store.read { try $0.cachedIndex(id, "package/x") }
        #expect(row?.blob == BlobDigest(of: Array(line("2", "new").utf8)))
    }

    @Test(arguments: Change.allCases)
    func `what an upstream did not have, or did not answer, is not held against the next one`(_ what: Change) async throws {
        for answer in [
            FakeUpstream.Answer(status: 404), .init(status: 401), .init(failure: SaveError(.upstreamUnavailable, "down")),
        ] {
            let engine = try await EngineFixture()
            let id = try await engine.add("u", .proxy)
            let hold = Hold()
            var answer = answer
            answer.hold = hold
            engine.upstream.answer(EngineFixture.base + "index/x", answer)
            async let early = ask(engine, Self.page)
            await hold.reached.wait()
            engine.upstream.answer(what.base + "index/x", text: line("2", "new"))
            try await change(engine, id) { what.apply(to: &$0) }
            hold.gate.open()
            #expect(try await early.status != 200)
            let repository = try #require(engine.catalogue.current.repository(id: id))
            #expect(engine.services.administration.upstreamState(of: repository)?.isAvailable == nil)
            #expect(try await engine.get(Self.page).text == line("2", "new"))
        }
    }

    @Test func `a page that was on its way when the cache was emptied is not kept`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        let hold = Hold()
        engine.upstream.answer(EngineFixture.base + "index/x", .init(chunks: [Array(line("1", "old").utf8)], hold: hold))
        async let early = ask(engine, Self.page)
        await hold.reached.wait()
        engine.upstream.answer(EngineFixture.base + "index/x", text: line("2", "new"))
        try await engine.services.administration.invalidateCache(of: try #require(engine.catalogue.current.repository(id: id)))
        hold.gate.open()
        _ = try await early
        await engine.services.upstreams.finishCopies()
        #expect(try await engine.get(Self.page).text == line("2", "new"))
    }

    @Test func `a page that was kept under other credentials is asked for again`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        engine.upstream.answer(EngineFixture.base + "index/x", text: line("1", "old"), etag: "\"a\"")
        #expect(try await engine.get(Self.page).text == line("1", "old"))
        await engine.services.upstreams.finishCopies()
        engine.upstream.answer(EngineFixture.base + "index/x", text: line("2", "new"), etag: "\"b\"")
        try await change(engine, id) { $0.proxy.remoteUsername = "somebody" }
        #expect(try await engine.get(Self.page).text == line("2", "new"))
        // Where the upstream does not answer, it is what there is.
        engine.upstream.fail(EngineFixture.base + "index/x")
        try await change(engine, id) { $0.proxy.remoteUsername = "somebody else" }
        #expect(try await engine.get(Self.page).text == line("2", "new"))
    }

    @Test func `a file that was on its way is for nobody who asks after the change, and is not kept`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        engine.upstream.answer(EngineFixture.base + "index/x", text: line("1", "old"))
        let hold = Hold()
        engine.upstream.answer(EngineFixture.base + "files/x/1", .init(chunks: [Array("old".utf8)], hold: hold))
        async let early = ask(engine, "/line/p/u/files/x/1")
        await hold.reached.wait()
        engine.upstream.answer(Self.other + "index/x", text: line("1", "other"))
        engine.upstream.answer(Self.other + "files/x/1", text: "other")
        try await change(engine, id) { Change.remoteURL.apply(to: &$0) }
        async let late = engine.get("/line/p/u/files/x/1")
        hold.gate.open()
        #expect(try await late.text == "other")
        #expect(try await early.text == "old")
        #expect(try await engine.get("/line/p/u/files/x/1").text == "other")
        let kept = try await engine.store.read { try $0.asset(id, AssetPath("files/x/1")) }
        #expect(kept?.blob == BlobDigest(of: Array("other".utf8)))
    }

    @Test func `metadata that an upstream could not give are asked of the next one`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        engine.upstream.answer(EngineFixture.base + "index/x", text: line("1.box", "nothing here"))
        let hold = Hold()
        engine.upstream.answer(EngineFixture.base + "files/x/1.box", .init(status: 404, hold: hold))
        async let early = ask(engine, "/line/p/u/files/x/1.box.note")
        await hold.reached.wait()
        engine.upstream.answer(Self.other + "index/x", text: line("1.box", "a note0004"))
        engine.upstream.answer(Self.other + "files/x/1.box", text: "a note0004")
        try await change(engine, id) { Change.remoteURL.apply(to: &$0) }
        hold.gate.open()
        #expect(try await early.status != 200)
        #expect(try await engine.get("/line/p/u/files/x/1.box.note").text == "note")
    }

    // MARK: Where the index is

    @Test func `a place that was found for the upstream before is not stored`() async throws {
        let engine = try await EngineFixture(format: SeekingFormat.self)
        let id = try await engine.add("u", .proxy) { $0.proxy.resolvedURL = nil }
        let hold = Hold()
        engine.upstream.answer(EngineFixture.base + "old/index", .init(chunks: [Array("x\n".utf8)], hold: hold))
        engine.upstream.answer(EngineFixture.base + "old/index/x", text: line("1", "old"))
        async let early = ask(engine, Self.page)
        await hold.reached.wait()
        engine.upstream.answer(Self.other + "new/index", text: "x\n")
        engine.upstream.answer(Self.other + "new/index/x", text: line("2", "new"))
        try await change(engine, id) { record in
            record.proxy.remoteURL = Self.other
            record.proxy.resolvedURL = nil
        }
        async let late = engine.get(Self.page)
        hold.gate.open()
        #expect(try await late.text == line("2", "new"))
        _ = try await early
        #expect(engine.catalogue.current.repository(id: id)?.record.proxy.resolvedURL == Self.other + "new/")
    }

    @Test func `places where the upstream before might have been are not asked for the next one`() async throws {
        let engine = try await EngineFixture(format: SeekingFormat.self)
        let id = try await engine.add("u", .proxy) { $0.proxy.resolvedURL = nil }
        let hold = Hold()
        // No list and no page: nothing shows where the index is.
        engine.upstream.answer(EngineFixture.base + "new/index", .init(status: 404, hold: hold))
        async let early = ask(engine, Self.page)
        await hold.reached.wait()
        engine.upstream.answer(Self.other + "new/index/x", text: line("2", "new"))
        try await change(engine, id) { record in
            record.proxy.remoteURL = Self.other
            record.proxy.resolvedURL = nil
        }
        hold.gate.open()
        _ = try await early
        let asked = engine.upstream.requestCount
        #expect(try await engine.get(Self.page).text == line("2", "new"))
        #expect(engine.upstream.requests.dropFirst(asked).allSatisfy { $0.url.hasPrefix(Self.other) })
    }

    // MARK: Upstreams without an index

    @Test func `a 304 that was not asked for does not make a file the new upstream's`() async throws {
        let engine = try await EngineFixture(format: SiteFormat.self)
        let id = try await engine.add("u", .proxy)
        engine.upstream.answer(EngineFixture.base + "f", text: "old", etag: "\"1\"")
        #expect(try await engine.get("/line/p/u/f").text == "old")
        engine.upstream.answer(Self.other + "f", FakeUpstream.Answer(status: 304))
        try await change(engine, id) { Change.remoteURL.apply(to: &$0) }
        #expect(try await engine.get("/line/p/u/f").text == "old")
        engine.upstream.answer(Self.other + "f", text: "new")
        #expect(try await engine.get("/line/p/u/f").text == "new")
    }

    @Test func `a file without an index is asked for at the upstream that there is now, by none of the other's validators`()
        async throws
    {
        let engine = try await EngineFixture(format: SiteFormat.self)
        let id = try await engine.add("u", .proxy)
        engine.upstream.answer(EngineFixture.base + "f", text: "old", etag: "\"1\"")
        #expect(try await engine.get("/line/p/u/f").text == "old")
        engine.upstream.answer(Self.other + "f", text: "new", etag: "\"1\"")
        try await change(engine, id) { Change.remoteURL.apply(to: &$0) }
        #expect(try await engine.get("/line/p/u/f").text == "new")
        #expect(engine.upstream.requests(of: Self.other + "f").count == 1)
        #expect(try await engine.get("/line/p/u/f").text == "new")
        #expect(engine.upstream.requests(of: Self.other + "f").count == 1)
        // One that the upstream of now does not answer for is better than nothing.
        engine.upstream.fail(EngineFixture.base + "f")
        try await change(engine, id) { record in
            record.proxy.remoteURL = EngineFixture.base
            record.proxy.resolvedURL = EngineFixture.base
        }
        #expect(try await engine.get("/line/p/u/f").text == "new")
    }
}

/// Lines, in an upstream that may keep them in two places.
private struct SeekingFormat: RepositoryFormat {
    static let descriptor = LineFormat.descriptor
    private let lines: LineFormat

    init(settings: JSONObject) throws { lines = try LineFormat(settings: settings) }

    func route(_ request: FormatRequest) throws -> Route { try lines.route(request) }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        try lines.render(index, as: type, from: listing, context: context)
    }
    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await lines.receive(upload, into: staging)
    }
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard case .probe(let attempt) = target else { return try lines.upstreamRequest(for: target, base: base) }
        guard attempt < 2 else { throw SaveError.unsupported("more places") }
        let place = base + ["new/", "old/"][attempt]
        return UpstreamRequest(url: place + "index", maxSize: 1 << 20, resolvedBase: place)
    }
    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        try lines.listing(from: document, for: index)
    }
}

/// Files of a site that has no index.
private struct SiteFormat: RepositoryFormat {
    static let descriptor = FormatDescriptor(id: "line", displayName: "Site", abilities: [.proxy])

    init(settings: JSONObject) throws {}

    func route(_ request: FormatRequest) throws -> Route {
        .asset(try AssetPath(request.path.segments.joined(separator: "/")), package: nil)
    }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        throw SaveError(.notFound, "there is no index")
    }
    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        throw SaveError.unsupported("uploads")
    }
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard case .asset(let path) = target else { throw SaveError.unsupported("upstream indexes") }
        return UpstreamRequest(url: base + path.percentEncoded, maxSize: 1 << 20)
    }
}
