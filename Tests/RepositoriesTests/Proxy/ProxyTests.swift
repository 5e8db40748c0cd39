import EngineTestKit
import FormatRaw
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@Suite struct ProxyTests {
    private let page = EngineFixture.base + "index/x"
    private let file = EngineFixture.base + "files/x/1"

    @Test func `a page is asked for once in its time, then revalidated`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.announce([("1", "one")], etag: "\"a\"")
        for _ in 0..<3 { #expect(try await engine.get("/line/p/u/index/x").status == 200) }
        #expect(engine.upstream.requests(of: page).count == 1)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(engine.upstream.requests(of: page).last?.headers["if-none-match"] == "\"a\"")
        engine.announce([("1", "one"), ("2", "two")], etag: "\"b\"")
        #expect(try await engine.get("/line/p/u/index/x").text.split(separator: "\n").count == 1)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x").text.split(separator: "\n").count == 2)
        #expect(engine.upstream.requests(of: page).count == 3)
    }

    @Test func `when the upstream fails the last page is served and says that it is stale`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.announce([("1", "one")])
        let fresh = await engine.send(.get, "/line/p/u/index/x")
        #expect(fresh.headers["x-save-cache"] == nil)
        engine.upstream.fail(page)
        engine.clock.advance(seconds: 61)
        let stale = await engine.send(.get, "/line/p/u/index/x")
        #expect(stale.status == 200)
        #expect(stale.headers["x-save-cache"] == "stale")
        // It is left alone for a while, then asked again.
        _ = await engine.send(.get, "/line/p/u/index/x")
        #expect(engine.upstream.requests(of: page).count == 2)
        engine.announce([("1", "one"), ("2", "two")])
        engine.clock.advance(seconds: 11)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == nil)
    }

    @Test func `with nothing cached a failing upstream is 503 and a missing package 404, believed for a while`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { $0.proxy.negativeCacheTTL = 30 }
        for _ in 0..<3 { #expect(try await engine.get("/line/p/u/index/x").status == 404) }
        #expect(engine.upstream.requests(of: page).count == 1)
        engine.announce([("1", "one")])
        engine.clock.advance(seconds: 31)
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        engine.upstream.fail(EngineFixture.base + "index/y")
        let down = await engine.send(.get, "/line/p/u/index/y")
        #expect(down.status == 503)
        #expect(down.headers["retry-after"] != nil)
    }

    @Test func `a file that is gone from a site without an index stays readable each time it is asked for`() async throws {
        let engine = try await EngineFixture(further: [RawFormat.self])
        try await engine.add("r", .proxy) { ($0.format, $0.proxy.cacheTTL, $0.proxy.negativeCacheTTL) = ("raw", 60, 600) }
        engine.upstream.answer(EngineFixture.base + "a.txt", text: "here")
        #expect(try await engine.get("/raw/p/r/a.txt") == (200, "here"))
        engine.upstream.answer(EngineFixture.base + "a.txt", .init(status: 404))
        engine.clock.advance(seconds: 61)
        for _ in 0..<3 { #expect(try await engine.get("/raw/p/r/a.txt") == (200, "here")) }
        // What never was here is believed to be missing for a while.
        for _ in 0..<3 { #expect(try await engine.get("/raw/p/r/b.txt").status == 404) }
        #expect(engine.upstream.requests(of: EngineFixture.base + "b.txt").count == 1)
    }

    @Test func `a restart finds what was cached, page and file`() async throws {
        let store = InMemoryMetadataStore()
        let blobs = InMemoryBlobStore()
        let first = try await EngineFixture(store: store, blobs: blobs)
        try await first.add("u", .proxy)
        first.announce([("1", "one")])
        #expect(try await first.get("/line/p/u/files/x/1").text == "one")
        await first.services.upstreams.finishCopies()

        var formats = FormatRegistry()
        try formats.register(LineFormat.self)
        let catalogue = Catalogue(store: store, formats: formats, clock: first.clock.platform)
        try await catalogue.reload()
        let silent = FakeUpstream()
        let services = EngineServices(
            store: store, blobs: blobs, client: silent, catalogue: catalogue, clock: first.clock.platform, log: .silent(),
            pool: BlockingPool(name: "test", threads: 1), unseal: { _ in nil })
        let source = services.sources.source(
            of: try #require(catalogue.current.repository(project: "p", name: "u")), in: catalogue.current)
        #expect(try await source.listing(.package(PackageID(normalized: "x"))).listing.assets.count == 1)
        guard
            case .stored(let asset, _, _) = try await source.asset(
                AssetPath("files/x/1"), package: PackageID(normalized: "x"), method: .get)
        else {
            Issue.record("the file was not found in the cache")
            return
        }
        #expect(asset.size == 3)
        #expect(silent.requestCount == 0)
    }

    @Test func `any number of clients cause one fetch, and read while it arrives`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        let content = String(repeating: "0123456789", count: 20_000)
        engine.announce([("1", content)])
        let gate = Gate()
        let bytes = Array(content.utf8)
        engine.upstream.answer(file, .init(chunks: [Array(bytes[..<150_000]), Array(bytes[150_000...])], gate: gate))

        let early = await engine.send(.get, "/line/p/u/files/x/1")
        guard case .stream(let stream) = early.body else {
            Issue.record("the file was not streamed")
            return
        }
        #expect(stream.length == 200_000)
        let first = try #require(try await stream.next())
        #expect(first.elementsEqual(bytes.prefix(first.count)))
        let others = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask { try? await engine.send(.get, "/line/p/u/files/x/1").text() }
            }
            await Task.yield()
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(others.allSatisfy { $0 == content })
        #expect(engine.upstream.requests(of: file).count == 1)
        #expect(try await engine.get("/line/p/u/files/x/1").text == content)
        #expect(engine.upstream.requests(of: file).count == 1)
    }

    @Test(arguments: ["wrong digest", "too short", "announced wrong"])
    func `a file that is not what the index says never ends cleanly and is not kept`(fault: String) async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        let content = String(repeating: "0123456789", count: 20_000)
        engine.announce([("1", content)])
        let lie = String(repeating: "x", count: fault == "too short" ? 1000 : 200_000)
        engine.upstream.answer(
            file, .init(chunks: [Array(lie.utf8)], length: fault == "announced wrong" ? 5 : 200_000))
        let pages = try await engine.get("/line/p/u/index/x").status
        #expect(pages == 200)
        let before = try await engine.blobCount()
        let response = await engine.send(.get, "/line/p/u/files/x/1")
        if response.status == 200 {
            await #expect(throws: SaveError.self) { try await response.text() }
        } else {
            #expect(response.status == 502)
        }
        #expect(try await engine.blobCount() == before)
        #expect(try await engine.store.read { try $0.asset(id, AssetPath("files/x/1")) } == nil)
        engine.upstream.answer(file, text: content)
        #expect(try await engine.get("/line/p/u/files/x/1").text == content)
    }

    @Test func `HEAD of a file that is not here fetches nothing`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        let head = await engine.send(.head, "/line/p/u/files/x/1")
        guard case .stream(let stream) = head.body else {
            Issue.record("no length")
            return
        }
        #expect(stream.length == 3)
        #expect(engine.upstream.requests(of: file).isEmpty)
    }

    @Test func `a cached file whose bytes are lost is fetched again`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        let asset = try #require(try await engine.store.read { try $0.asset(id, AssetPath("files/x/1")) })
        engine.clock.advance(seconds: 10)
        try await engine.blobs.delete(asset.blob, committedBefore: Timestamp(microseconds: .max))
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        #expect(engine.upstream.requests(of: file).count == 2)
    }

    @Test(arguments: [nil, "\"same\""])
    func `R-29 R-31 T8 what an upstream does not say of its files is learned, digests of a version all or none`(
        etag: String?
    ) async throws {
        let engine = try await EngineFixture()
        try await engine.add("r", .proxy)
        engine.upstream.answer(EngineFixture.base + "index/x", text: "files/x/1 - -\nfiles/x/2 - -\n", etag: etag)
        for name in ["1", "2"] { engine.upstream.answer(EngineFixture.base + "files/x/" + name, text: "file " + name) }
        func page() async throws -> String {
            engine.clock.advance(seconds: 4000)
            return try await engine.get("/line/p/r/index/x").text
        }
        #expect(try await page() == "files/x/1 -1 -\nfiles/x/2 -1 -\n")
        #expect(try await engine.get("/line/p/r/files/x/1").text == "file 1")
        #expect(try await page() == "files/x/1 6 -\nfiles/x/2 -1 -\n")
        #expect(try await engine.get("/line/p/r/files/x/2").text == "file 2")
        let digests = ["1", "2"].map { BlobDigest(of: Array("file \($0)".utf8)).hex }
        #expect(try await page() == "files/x/1 6 \(digests[0])\nfiles/x/2 6 \(digests[1])\n")
    }

    @Test func `the rows of a package are read once for its first page, and once more for a page that the upstream changed`()
        async throws
    {
        let store = RowCountingStore()
        let engine = try await EngineFixture(store: store)
        try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(store.packagesRead == 1)
        // A note that comes into the cache shows on the page: what was read for the first one is not used again.
        engine.announce([("1", "one"), ("2.box", "a note0005")])
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x").text.hasSuffix(" ?\n"))
        #expect(store.packagesRead == 2)
        #expect(try await engine.get("/line/p/u/files/x/2.box.note").text == " note")
        #expect(try await engine.get("/line/p/u/index/x").text.hasSuffix(" \(BlobDigest(of: Array(" note".utf8)))\n"))
    }

    @Test func `the rows of a package are read once for a cold page and once for a cold file, also after a restart`() async throws
    {
        let store = RowCountingStore()
        let blobs = InMemoryBlobStore()
        let engine = try await EngineFixture(store: store, blobs: blobs)
        let hosted = try await engine.add("h", .hosted)
        var proxies: [Int64] = []
        for name in ["u", "v", "w"] { proxies.append(try await engine.add(name, .proxy)) }
        let behind = proxies[2]
        try await engine.add("g", .group) { $0.group.members = [hosted, behind] }
        engine.announce([("1", "one"), ("2.box", "a note0005")])
        var before = 0
        func reads() -> Int {
            defer { before = store.packagesRead }
            return store.packagesRead - before
        }
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(reads() == 1)
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        #expect(reads() == 0)
        #expect(try await engine.get("/line/p/v/files/x/1").text == "one")
        #expect(reads() == 1)
        #expect(try await engine.get("/line/p/v/files/x/2.box").text == "a note0005")
        #expect(reads() == 0)
        #expect(try await engine.get("/line/p/g/index/x").status == 200)
        #expect(reads() == 1)
        #expect(try await engine.get("/line/p/g/files/x/1").text == "one")
        #expect(reads() == 0)
        await engine.services.upstreams.finishCopies()

        let restarted = EngineServices(
            store: store, blobs: blobs, client: FakeUpstream(), catalogue: engine.catalogue, clock: engine.clock.platform,
            log: .silent(), pool: BlockingPool(name: "test", threads: 1), unseal: { _ in nil })
        let x = PackageID(normalized: "x")
        func source(_ name: String) throws -> any ContentSource {
            let snapshot = engine.catalogue.current
            return restarted.sources.source(of: try #require(snapshot.repository(project: "p", name: name)), in: snapshot)
        }
        _ = try await source("u").listing(.package(x))
        #expect(reads() == 1)
        _ = try await source("u").asset(AssetPath("files/x/1"), package: x, method: .get)
        #expect(reads() == 0)
        _ = try await source("v").asset(AssetPath("files/x/1"), package: x, method: .get)
        #expect(reads() == 1)
    }

    @Test func `nobody writes to a proxy`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        let response = await engine.put("/line/p/u/files/x/1", "mine")
        #expect(response.status == 405)
        #expect(response.headers["allow"] == "GET, HEAD, OPTIONS")
    }
}
