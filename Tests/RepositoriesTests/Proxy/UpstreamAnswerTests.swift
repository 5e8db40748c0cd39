import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// What an upstream may answer, and what is made of it.
@Suite struct UpstreamAnswerTests {
    private let page = EngineFixture.base + "index/x"

    private func proxied(
        _ change: @escaping @Sendable (inout RepositoryRecord) -> Void = { _ in }
    ) async throws -> (engine: EngineFixture, id: Int64) {
        let engine = try await EngineFixture()
        let id = try await engine.add("u", .proxy) { record in
            record.proxy.cacheTTL = 60
            change(&record)
        }
        return (engine, id)
    }

    private func state(_ engine: EngineFixture) throws -> RepositoryAdministration.UpstreamState {
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        return try #require(engine.services.administration.upstreamState(of: repository))
    }

    // MARK: Missing

    @Test(arguments: [404, 410]) func `R-58 not found and gone are 404`(status: Int) async throws {
        let (engine, _) = try await proxied()
        engine.upstream.answer(page, .init(status: status))
        #expect(try await engine.get("/line/p/u/index/x").status == 404)
    }

    @Test func `R-58 forbidden is an error, unless the repository says that it means missing`() async throws {
        let (engine, id) = try await proxied()
        engine.upstream.answer(page, .init(status: 403))
        let refused = try await engine.get("/line/p/u/index/x")
        #expect(refused.status == 502)
        #expect(refused.text.contains("missing_statuses"))
        try await engine.change(id) { $0.proxy.missingStatuses = [403] }
        engine.services.administration.contentChanged(in: id, package: nil)
        #expect(try await engine.get("/line/p/u/index/x").status == 404)
    }

    @Test func `R-58 an empty page of an unknown package is 404`() async throws {
        let (engine, _) = try await proxied()
        engine.upstream.answer(page, text: "")
        #expect(try await engine.get("/line/p/u/index/x").status == 404)
    }

    @Test func `R-58 a page with files is given up for an empty one only when that is said twice`() async throws {
        let (engine, _) = try await proxied { $0.proxy.negativeCacheTTL = 30 }
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").text.hasPrefix("files/x/1"))
        engine.upstream.answer(page, text: "")
        engine.clock.advance(seconds: 61)
        let first = await engine.send(.get, "/line/p/u/index/x")
        #expect(first.headers["x-save-cache"] == "stale")
        #expect(try await first.text().hasPrefix("files/x/1"))
        engine.clock.advance(seconds: 29)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
        #expect(engine.upstream.requests(of: page).count == 2)
        engine.clock.advance(seconds: 2)
        let second = await engine.send(.get, "/line/p/u/index/x")
        #expect(second.status == 200)
        #expect(second.headers["x-save-cache"] == nil)
        #expect(try await second.text() == "")
    }

    @Test func `a page that was empty once and then had files again is looked at twice again`() async throws {
        let (engine, _) = try await proxied { $0.proxy.negativeCacheTTL = 30 }
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        for _ in 0..<2 {
            engine.upstream.answer(page, text: "")
            engine.clock.advance(seconds: 61)
            #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
            engine.announce([("1", "one")])
            engine.clock.advance(seconds: 61)
            #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == nil)
        }
    }

    @Test func `R-74 a page that is empty because the package is withheld is believed at once`() async throws {
        let (engine, _) = try await proxied()
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        engine.upstream.answer(page, text: "sealed\n")
        engine.clock.advance(seconds: 61)
        let sealed = await engine.send(.get, "/line/p/u/index/x")
        #expect(sealed.headers["x-save-cache"] == nil)
        #expect(try await sealed.text() == "")
    }

    @Test func `a list of packages is given up for an empty one only when that is said twice`() async throws {
        let (engine, _) = try await proxied { $0.proxy.negativeCacheTTL = 30 }
        engine.upstream.answer(EngineFixture.base + "index", text: "x\ny\n")
        #expect(try await engine.get("/line/p/u/index").text == "x\ny\n")
        engine.upstream.answer(EngineFixture.base + "index", text: "")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index").text == "x\ny\n")
        engine.clock.advance(seconds: 31)
        #expect(try await engine.get("/line/p/u/index").text == "")
    }

    @Test func `a package that is gone stays readable, and says that it is stale`() async throws {
        let (engine, _) = try await proxied { $0.proxy.negativeCacheTTL = 30 }
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        engine.upstream.answer(page, .init(status: 404))
        engine.clock.advance(seconds: 61)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        #expect(engine.upstream.requests(of: page).count == 2)
        engine.clock.advance(seconds: 29)
        _ = await engine.send(.get, "/line/p/u/index/x")
        #expect(engine.upstream.requests(of: page).count == 2)
    }

    // MARK: Redirects

    @Test func `an index that another server is to answer for is refused, with the reason, and only that one`() async throws {
        let (engine, _) = try await proxied()
        engine.upstream.answer(page, .init(status: 302, headers: ["Location": "https://elsewhere.test/simple/x/"]))
        engine.upstream.answer(EngineFixture.base + "index/y", text: "files/y/1 1 \(BlobDigest(of: [1]))\n")
        let refused = try await engine.get("/line/p/u/index/x")
        #expect(refused.status == 502)
        #expect(refused.text.contains("elsewhere.test"))
        #expect(try state(engine).redirectedTo == "elsewhere.test")
        #expect(try state(engine).isAvailable == true)
        #expect(try await engine.get("/line/p/u/index/y").status == 200)
        #expect(engine.upstream.requests(of: page).allSatisfy { $0.redirects == .sameServer })
    }

    @Test func `a redirect is "not here" where the repository says so`() async throws {
        let (engine, _) = try await proxied { $0.proxy.missingStatuses = [302] }
        engine.upstream.answer(page, .init(status: 302, headers: ["Location": "https://elsewhere.test/simple/x/"]))
        #expect(try await engine.get("/line/p/u/index/x").status == 404)
    }

    // MARK: Failures

    @Test(arguments: [("120", Int64(120)), ("99999999999999999999", 3600), ("0", 10), ("soon", 10)])
    func `R-59 how long an upstream asks to be left alone is kept and passed on`(field: String, seconds: Int64) async throws {
        let (engine, _) = try await proxied()
        engine.upstream.answer(page, .init(status: 429, headers: ["Retry-After": field]))
        let refused = await engine.send(.get, "/line/p/u/index/x")
        #expect(refused.status == 503)
        #expect(try state(engine).askedAgainIn == seconds + 1)
        // Other pages are of the same server.
        let other = await engine.send(.get, "/line/p/u/index/y")
        #expect(other.status == 503)
        #expect(Int64(other.headers["retry-after"] ?? "").map { (1...seconds + 1).contains($0) } == true)
        #expect(engine.upstream.requestCount == 1)
        engine.announce([("1", "one")])
        engine.clock.advance(seconds: UInt64(seconds) - 1)
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 503)
        engine.clock.advance(seconds: 2)
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 200)
    }

    @Test func `one broken page does not silence the others`() async throws {
        let (engine, _) = try await proxied()
        engine.upstream.answer(page, .init(status: 500))
        engine.upstream.answer(EngineFixture.base + "index/y", text: "files/y/1 1 \(BlobDigest(of: [1]))\n")
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 503)
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 503)
        #expect(engine.upstream.requests(of: page).count == 1)
        #expect(await engine.send(.get, "/line/p/u/index/y").status == 200)
    }

    @Test func `R-59 a stale page is shown for so long and no longer`() async throws {
        let (engine, _) = try await proxied { $0.proxy.staleTTL = 600 }
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        engine.upstream.fail(page)
        engine.clock.advance(seconds: 590)
        #expect(await engine.send(.get, "/line/p/u/index/x").headers["x-save-cache"] == "stale")
        engine.clock.advance(seconds: 20)
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 503)
        engine.announce([("1", "one")])
        engine.clock.advance(seconds: 11)
        #expect(await engine.send(.get, "/line/p/u/index/x").status == 200)
    }

    // MARK: What a page says

    @Test func `bytes that an upstream changed under one name are not taken, and the page goes on to fit the file`() async throws
    {
        let (engine, _) = try await proxied()
        engine.announce([("1", "one"), ("2", "two")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        engine.announce([("1", "evil"), ("2", "bad")])
        engine.clock.advance(seconds: 61)
        let lines = try await engine.get("/line/p/u/index/x").text
        #expect(lines.contains("files/x/1 3 \(BlobDigest(of: Array("one".utf8)))"))
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        #expect(try await engine.get("/line/p/u/files/x/2").text == "bad")
        // One that is here and one that is not: somebody should look at both.
        #expect(engine.services.upstreams.anomalies == [.changedFile: 2])
        engine.clock.advance(seconds: 61)
        _ = try await engine.get("/line/p/u/index/x")
        #expect(engine.services.upstreams.anomalies == [.changedFile: 2])
    }

    @Test func `what an upstream does oddly is told of once for each package, however often it does it`() async throws {
        let (engine, _) = try await proxied()
        func look(_ files: [(String, String)]) async throws {
            engine.announce(files)
            engine.clock.advance(seconds: 61)
            _ = try await engine.get("/line/p/u/index/x")
        }
        let before = [("1", "one"), ("2", "two")], after = [("1", "one")]
        for files in [before, after, before, after] { try await look(files) }
        #expect(engine.services.upstreams.anomalies == [.vanishedFile: 1])
        try await look([("1", "changed")])
        #expect(engine.services.upstreams.anomalies == [.vanishedFile: 1, .changedFile: 1])
        let records = try await engine.store.read { reading in
            var query = AuditQuery()
            query.action = "upstream.anomaly"
            return try reading.audit(query).records
        }
        #expect(records.map(\.resource) == ["p/u/x", "p/u/x"])
        #expect(records.compactMap { $0.details["kind"]?.string } == ["changed_file", "vanished_file"])
        #expect(records.last?.details["files"] == ["files/x/2"])
    }

    @Test func `a file that an upstream removed leaves the page and can still be fetched`() async throws {
        let (engine, _) = try await proxied()
        engine.announce([("1", "one"), ("2", "two")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        engine.announce([("2", "two")])
        engine.clock.advance(seconds: 61)
        #expect(try await !engine.get("/line/p/u/index/x").text.contains("files/x/1"))
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
    }

    @Test func `R-74 a quarantine upstream shows, and keeps files that are here from being given out`() async throws {
        let (engine, _) = try await proxied()
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        engine.upstream.answer(page, text: "sealed\n")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x") == (200, ""))
        let refused = await engine.send(.get, "/line/p/u/files/x/1")
        #expect(refused.status == 403)
        #expect(refused.headers["x-save-reason"] != nil)
        engine.announce([("1", "one")])
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/line/p/u/index/x").text.hasPrefix("files/x/1"))
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
    }

    @Test func `what is on a host that is not allowed is not listed and refused, also where it is here`() async throws {
        let (engine, id) = try await proxied()
        engine.announce([("1", "one")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test"] }
        engine.services.administration.contentChanged(in: id, package: nil)
        #expect(try await engine.get("/line/p/u/index/x").text == "")
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 403)
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["upstream.test"] }
        engine.services.administration.contentChanged(in: id, package: nil)
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
    }

    @Test
    func `metadata of a file on a host that is not allowed is refused as the file is, and so is a copy that is no longer listed`()
        async throws
    {
        let (engine, id) = try await proxied()
        engine.announce([("1", "one"), ("2.box", "a note0005")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        engine.announce([("2.box", "a note0005")])
        engine.clock.advance(seconds: 61)
        #expect(try await !engine.get("/line/p/u/index/x").text.contains("files/x/1"))
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test"] }
        for path in ["files/x/1", "files/x/2.box", "files/x/2.box.note"] {
            let refused = await engine.send(.get, "/line/p/u/" + path)
            #expect(refused.status == 403, "\(path)")
            #expect(refused.headers["x-save-reason"]?.contains("allowed_file_hosts") == true, "\(path)")
        }
    }

    @Test func `R-74 the first request for a file of a package in quarantine is refused, before any page was`() async throws {
        let (engine, _) = try await proxied()
        engine.announce([("1", "one")])
        let digest = BlobDigest(of: Array("one".utf8)).hex
        engine.upstream.answer(page, text: "sealed\nfiles/x/1 3 \(digest)\n")
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 403)
        #expect(engine.upstream.requests(of: EngineFixture.base + "files/x/1").isEmpty)
    }

    @Test func `the first request for a file on a host that is not allowed is refused, before any page was`() async throws {
        let (engine, id) = try await proxied()
        engine.announce([("1", "one")])
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test"] }
        let refused = await engine.send(.get, "/line/p/u/files/x/1")
        #expect(refused.status == 403)
        #expect(refused.headers["x-save-reason"]?.contains("allowed_file_hosts") == true)
    }
}
