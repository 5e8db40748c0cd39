import EngineTestKit
import FormatSparse
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Upstreams that say in a document of their own where their files are.
@Suite struct ConfigurationTests {
    private static let base = EngineFixture.base
    private static let document = base + "config.json"
    private let document = Self.document
    private let page = base + "x"

    private func proxy(
        _ change: @escaping @Sendable (inout RepositoryRecord) -> Void = { _ in }
    ) async throws -> (engine: EngineFixture, id: Int64) {
        let engine = try await EngineFixture(format: SparseFormat.self)
        let id = try await engine.add("u", .proxy) {
            $0.format = "sparse"
            $0.proxy.cacheTTL = 60
            change(&$0)
        }
        engine.configure()
        engine.list([("1", "one")])
        return (engine, id)
    }

    @Test func `the first file costs the configuration, the index and the file`() async throws {
        let engine = try await proxy().engine
        #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
        #expect(engine.upstream.requests.map(\.url) == [document, page, "http://a.test/x/1"])
        for _ in 0..<3 {
            #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
            #expect(try await engine.get("/sparse/p/u/x").text.contains("\"vers\":\"1\""))
        }
        engine.upstream.answer(Self.base + "y", text: "")
        #expect(try await engine.get("/sparse/p/u/y").status == 404)
        #expect(engine.upstream.requests.map(\.url) == [document, page, "http://a.test/x/1", Self.base + "y"])
    }

    @Test func `any number of clients wait for one configuration`() async throws {
        let engine = try await proxy().engine
        let hold = Hold()
        engine.upstream.answer(document, .init(chunks: [Array(#"{"dl":"http://a.test/{crate}/{version}"}"#.utf8)], hold: hold))
        let statuses = await withTaskGroup(of: Int?.self) { group in
            for path in ["x", "crates/x/1", "x", "crates/x/1", "z", "crates/z/1"] {
                group.addTask { try? await engine.get("/sparse/p/u/" + path).status }
            }
            await hold.reached.wait()
            hold.gate.open()
            return await group.reduce(into: []) { $0.append($1 ?? 0) }
        }
        #expect(statuses.sorted() == [200, 200, 200, 200, 404, 404])
        #expect(engine.upstream.requests(of: document).count == 1 && engine.upstream.requests(of: page).count == 1)
    }

    @Test func `a changed configuration counts after its time, for indexes that are kept as well`() async throws {
        let engine = try await proxy().engine
        engine.configure(etag: "\"a\"")
        engine.list([("1", "one"), ("2", "two"), ("3", "three")], etag: "\"p\"")
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 200)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 200)
        #expect(try await engine.get("/sparse/p/u/x").status == 200)
        #expect(engine.upstream.requests(of: document).last?.headers["if-none-match"] == "\"a\"")
        engine.configure("http://b.test/{crate}/{version}", etag: "\"b\"")
        engine.list([("1", "one"), ("2", "two"), ("3", "three")], at: "http://b.test/", etag: "\"p\"")
        #expect(try await engine.get("/sparse/p/u/crates/x/2").status == 200)
        #expect(engine.upstream.requests.last?.url == "http://a.test/x/2")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/sparse/p/u/crates/x/3").text == "three")
        #expect(engine.upstream.requests.last?.url == "http://b.test/x/3")
        // The index was confirmed and is read again; it is not sent again.
        #expect(engine.upstream.requests(of: page).last?.headers["if-none-match"] == "\"p\"")
        #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
    }

    @Test(arguments: [
        (FakeUpstream.Answer(status: 404), 502, "/config.json (404)"),
        (FakeUpstream.Answer(status: 200, chunks: [Array("{}".utf8)]), 502, "config.json has no text 'dl'"),
        (FakeUpstream.Answer(status: 200, chunks: [Array("<html>".utf8)]), 502, "config.json has no text 'dl'"),
        (
            FakeUpstream.Answer(status: 200, chunks: [[UInt8](repeating: 0x20, count: 5000)]), 502,
            "configuration is larger than 4096 bytes"
        ),
        (
            FakeUpstream.Answer(status: 302, headers: ["Location": "http://c.test/config.json"]), 502,
            "redirects this configuration to another server"
        ), (FakeUpstream.Answer(status: 503), 503, "answered 503"),
    ])
    func `without a configuration nothing is answered, and the error says what is wrong with it`(
        _ answer: FakeUpstream.Answer, _ status: Int, _ text: String
    ) async throws {
        let (engine, id) = try await proxy()
        engine.upstream.answer(document, answer)
        for path in ["x", "crates/x/1"] {
            let refused = try await engine.get("/sparse/p/u/" + path)
            #expect(refused.status == status && refused.text.contains(text), "\(refused)")
        }
        // It is left alone for a while, and nothing else is asked.
        #expect(engine.upstream.requests.map(\.url) == [document])
        let repository = try #require(engine.catalogue.current.repository(id: id))
        let explained = try await engine.services.administration.explain("x", in: repository, refresh: false)
        #expect(explained.members[0].state == "fails" && explained.refusal?.text.contains(text) == true)
        engine.configure()
        engine.clock.advance(seconds: 11)
        #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
    }

    @Test(arguments: [FakeUpstream.Answer(failure: SaveError(.upstreamUnavailable, "down")), FakeUpstream.Answer(status: 404)])
    func `a configuration that fails is used as it was`(_ answer: FakeUpstream.Answer) async throws {
        let engine = try await proxy { $0.proxy.staleTTL = 3600 }.engine
        engine.list([("1", "one"), ("2", "two")])
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 200)
        engine.upstream.answer(document, answer)
        engine.clock.advance(seconds: 61)
        #expect(await engine.send(.get, "/sparse/p/u/x").headers["x-save-cache"] == "stale")
        #expect(try await engine.get("/sparse/p/u/crates/x/2").text == "two")
        engine.configure()
        engine.clock.advance(seconds: 61)
        #expect(await engine.send(.get, "/sparse/p/u/x").headers["x-save-cache"] == nil)
        engine.upstream.answer(document, answer)
        engine.clock.advance(seconds: 3700)
        #expect(try await engine.get("/sparse/p/u/x").status >= 500)
    }

    @Test func `a restart finds the configuration`() async throws {
        let engine = try await proxy().engine
        engine.list([("1", "one"), ("2", "two")])
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 200)
        await engine.services.upstreams.finishCopies()

        let silent = FakeUpstream()
        silent.answer("http://a.test/x/2", text: "two")
        let services = EngineServices(
            store: engine.store, blobs: engine.blobs, client: silent, catalogue: engine.catalogue, clock: engine.clock.platform,
            log: .silent(), pool: BlockingPool(name: "test", threads: 1), unseal: { _ in nil })
        let source = services.sources.source(
            of: try #require(engine.catalogue.current.repository(project: "p", name: "u")), in: engine.catalogue.current)
        let package = PackageID(normalized: "x")
        #expect(try await source.listing(.package(package)).listing.assets.count == 2)
        _ = try await source.asset(AssetPath("crates/x/2"), package: package, method: .get)
        #expect(silent.requests.map(\.url) == ["http://a.test/x/2"])
    }

    @Test func `another remote URL has another configuration`() async throws {
        let (engine, id) = try await proxy()
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 200)
        engine.upstream.answer("http://other.test/config.json", text: #"{"dl":"{crate}-{version}-{sha256-checksum}"}"#)
        let digest = BlobDigest(of: Array("uno".utf8)).hex
        engine.upstream.answer("http://other.test/x", text: "{\"name\":\"x\",\"vers\":\"2\",\"cksum\":\"\(digest)\"}\n")
        engine.upstream.answer("http://other.test/x-2-\(digest)", text: "uno")
        // Does what the REST API does.
        engine.clock.advance(seconds: 1)
        let now = engine.clock.platform.now()
        try await engine.change(id) {
            $0.proxy.remoteURL = "http://other.test"
            $0.proxy.resolvedURL = nil
            $0.updated = now
        }
        engine.services.administration.contentChanged(in: id, package: nil)
        #expect(try await engine.get("/sparse/p/u/crates/x/2").text == "uno")
        #expect(
            engine.upstream.requests.suffix(3).map(\.url) == [
                "http://other.test/config.json", "http://other.test/x", "http://other.test/x-2-\(digest)",
            ])
    }

    @Test(arguments: ["ftp://a.test/{crate}/{version}", "http:///{crate}", "//", "{crate}\\n{version}"])
    func `a configuration that gives no URL is told to those who want a file`(_ template: String) async throws {
        let engine = try await proxy().engine
        engine.configure(template)
        engine.upstream.answer(document, text: "{\"dl\":\"\(template)\"}")
        #expect(try await engine.get("/sparse/p/u/x").text.contains("\"vers\":\"1\""))
        let refused = try await engine.get("/sparse/p/u/crates/x/1")
        #expect(refused.status == 502 && refused.text.contains("the upstream's /config.json says that '1' is at '"), "\(refused)")
        #expect(refused.text.utf8.split(separator: UInt8(ascii: "\n")).count == 1)
        #expect(engine.upstream.requests.map(\.url) == [document, page])
    }

    @Test func `files that a configuration places are held to the rules of all files`() async throws {
        let (engine, id) = try await proxy { $0.proxy.allowedFileHosts = ["a.test"] }
        engine.list([("1", "one"), ("2", "two")])
        engine.upstream.answer("http://a.test/x/1", text: "owe")
        #expect(try await engine.get("/sparse/p/u/crates/x/1").status == 502)
        // Once while it arrives and once from the disk, which is what stays in memory.
        for _ in 0..<2 { #expect(try await engine.get("/sparse/p/u/crates/x/2").text == "two") }
        engine.configure("http://b.test/{crate}/{version}")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/sparse/p/u/x").text == "")
        for file in ["1", "2"] {
            let refused = try await engine.get("/sparse/p/u/crates/x/" + file)
            #expect(refused.status == 403 && refused.text.contains("on b.test, which allowed_file_hosts does not list"))
        }
        let repository = try #require(engine.catalogue.current.repository(id: id))
        let explained = try await engine.services.administration.explain("x", in: repository, refresh: false)
        #expect(explained.files.map(\.record.origin) == ["http://b.test/x/1", "http://b.test/x/2"])
        #expect(explained.files.allSatisfy { $0.state == "blocked" && $0.reason?.rule == "allowed_file_hosts" })
    }

    @Test func `a place that is longer than any honest one is refused, and kept for no file`() async throws {
        let (engine, _) = try await proxy()
        engine.list([("1", "one")])
        engine.configure("http://a.test/" + String(repeating: "a", count: 2048) + "/{crate}/{version}")
        let refused = try await engine.get("/sparse/p/u/crates/x/1")
        #expect(refused.status == 502 && refused.text.contains("at most 2048 bytes"))
    }

    @Test func `a group asks its members by their own configurations`() async throws {
        let (engine, id) = try await proxy()
        engine.upstream.answer("http://other.test/config.json", text: #"{"dl":"http://b.test/{crate}/{version}"}"#)
        let digest = BlobDigest(of: Array("uno".utf8)).hex
        engine.upstream.answer("http://other.test/y", text: "{\"name\":\"y\",\"vers\":\"1\",\"cksum\":\"\(digest)\"}\n")
        engine.upstream.answer("http://b.test/y/1", text: "uno")
        let second = try await engine.add("v", .proxy) {
            $0.format = "sparse"
            $0.proxy.remoteURL = "http://other.test/"
            $0.proxy.resolvedURL = nil
        }
        try await engine.add("g", .group) {
            $0.format = "sparse"
            $0.group.members = [id, second]
        }
        #expect(try await engine.get("/sparse/p/g/crates/x/1").text == "one")
        #expect(try await engine.get("/sparse/p/g/crates/y/1").text == "uno")
        #expect(try await engine.get("/sparse/p/g/y").text.contains(digest))
        engine.clock.advance(seconds: 61)
        engine.upstream.fail(document)
        engine.upstream.fail(page)
        #expect(await engine.send(.get, "/sparse/p/g/x").headers["x-save-cache"] == "stale")
    }

    /// Where the configuration of `http://upstream.test/` says that the index is, the hosts that are allowed, and where it is asked for.
    @Test(arguments: [
        ("http://elsewhere.test/", [String](), nil as String?), ("http://upstream.test:81/", [], nil),
        ("//elsewhere.test/i/", ["files.test"], nil), ("ftp://upstream.test/", ["upstream.test"], nil),
        ("http://127.0.0.1:1/", ["a.test"], nil), ("moved/", [], "http://upstream.test/moved/"),
        ("https://upstream.test/", [], "https://upstream.test/"),
        ("http://elsewhere.test/i/", ["a.test", "elsewhere.test"], "http://elsewhere.test/i/"),
        ("http://upstream.test:81/", ["a.test", "upstream.test"], "http://upstream.test:81/"),
    ])
    func `an index is asked for on the upstream's server, or on one that is allowed, and credentials go to the upstream's alone`(
        _ place: String, _ allowed: [String], _ asked: String?
    ) async throws {
        let (engine, id) = try await configured(place, allowed, remote: "http://upstream.test/")
        let answer = try await engine.get("/sparse/p/u/x")
        let rest = engine.upstream.requests.filter { !$0.url.hasSuffix("config.json") }
        #expect(rest.map(\.url) == (asked.map { [$0 + "x"] } ?? []))
        #expect(rest.allSatisfy { ($0.credentials != nil) == ($0.url.hasPrefix("http://upstream.test/")) })
        #expect(engine.upstream.requests(of: "http://upstream.test/config.json").allSatisfy { $0.credentials != nil })
        if asked == nil {
            #expect(answer.status == 502 && (answer.text.contains("allowed_file_hosts") || answer.text.contains("'index'")))
            let repository = try #require(engine.catalogue.current.repository(id: id))
            #expect(
                try await engine.services.administration.explain("x", in: repository, refresh: false).members[0].state == "fails")
        } else {
            #expect(answer.status == 200)
        }
    }

    @Test func `from https no configuration leads to http, whatever hosts are allowed`() async throws {
        let (engine, _) = try await configured("http://upstream.test/", ["upstream.test"], remote: "https://upstream.test/")
        #expect(try await engine.get("/sparse/p/u/x").status == 502)
        #expect(engine.upstream.requests.map(\.url) == ["https://upstream.test/config.json"])
    }

    private func configured(
        _ index: String, _ allowed: [String], remote: String
    ) async throws -> (engine: EngineFixture, id: Int64) {
        let (engine, id) = try await proxy {
            $0.proxy.remoteURL = remote
            $0.proxy.resolvedURL = nil
            $0.proxy.allowedFileHosts = allowed
            $0.proxy.remoteUsername = "reader"
            $0.proxy.sealedPassword = "secret"
        }
        let document = JSONValue.object(["dl": "http://a.test/{crate}/{version}", "index": .string(index)]).text
        engine.upstream.answer(remote + "config.json", text: document)
        let line = "{\"name\":\"x\",\"vers\":\"1\",\"cksum\":\"\(BlobDigest(of: Array("one".utf8)).hex)\"}\n"
        let places = [
            "http://elsewhere.test/", "http://elsewhere.test/i/", "http://upstream.test/moved/", "https://upstream.test/",
        ]
        for place in places + ["http://upstream.test/", "http://upstream.test:81/", "http://127.0.0.1:1/"] {
            engine.upstream.answer(place + "x", text: line)
        }
        return (engine, id)
    }

    @Test(arguments: ["", "index/"]) func `a new proxy asks each place for the configuration once`(place: String) async throws {
        let (engine, id) = try await proxy { $0.proxy.resolvedURL = nil }
        if !place.isEmpty {
            engine.upstream.answer(document, FakeUpstream.Answer(status: 404))
            engine.upstream.answer(Self.base + place + "config.json", text: #"{"dl":"http://a.test/{crate}/{version}"}"#)
            let line = "{\"name\":\"x\",\"vers\":\"1\",\"cksum\":\"\(BlobDigest(of: Array("one".utf8)).hex)\"}\n"
            engine.upstream.answer(Self.base + place + "x", text: line)
        }
        #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
        let documents = place.isEmpty ? [document] : [document, Self.base + place + "config.json"]
        #expect(engine.upstream.requests.map(\.url) == documents + [Self.base + place + "x", "http://a.test/x/1"])
        #expect(engine.catalogue.current.repository(id: id)?.record.proxy.resolvedURL == Self.base + place)
    }

    @Test func `where no place has the configuration, the likeliest is told of, and the next request asks again`() async throws {
        let (engine, id) = try await proxy { $0.proxy.resolvedURL = nil }
        engine.upstream.answer(document, text: "{}")
        let refused = try await engine.get("/sparse/p/u/x")
        #expect(refused.status == 502 && refused.text.contains("config.json has no text 'dl'"), "\(refused)")
        #expect(engine.upstream.requests.map(\.url) == [document, Self.base + "index/config.json"])
        #expect(engine.catalogue.current.repository(id: id)?.record.proxy.resolvedURL == nil)
        engine.configure()
        engine.clock.advance(seconds: 11)
        #expect(try await engine.get("/sparse/p/u/crates/x/1").text == "one")
    }

    @Test func `probing asks for the configuration`() async throws {
        let (engine, id) = try await proxy { $0.proxy.resolvedURL = nil }
        let repository = try #require(engine.catalogue.current.repository(id: id))
        let found = try await engine.services.administration.probe(repository)
        #expect(found.isSuccess && found.resolvedURL == Self.base)
        #expect(found.attempts == [.init(url: document, outcome: "200")])
        engine.upstream.answer(document, text: "[]")
        #expect(try await engine.services.administration.probe(repository).isSuccess == false)
    }
}

extension EngineFixture {
    /// The upstream says where its files are.
    fileprivate func configure(_ dl: String = "http://a.test/{crate}/{version}", etag: String? = nil) {
        upstream.answer(Self.base + "config.json", text: JSONValue.object(["dl": .string(dl)]).text, etag: etag)
    }

    /// The upstream has versions of the package `x`.
    fileprivate func list(_ versions: [(name: String, content: String)], at place: String = "http://a.test/", etag: String? = nil)
    {
        let lines = versions.map { version in
            let digest = BlobDigest(of: Array(version.content.utf8)).hex
            return "{\"name\":\"x\",\"vers\":\"\(version.name)\",\"cksum\":\"\(digest)\"}\n"
        }
        upstream.answer(Self.base + "x", text: lines.joined(), etag: etag)
        for version in versions { upstream.answer(place + "x/" + version.name, text: version.content) }
    }
}

extension FakeUpstream.Answer: CustomTestStringConvertible {
    /// Without the bytes, of which there may be thousands.
    var testDescription: String {
        failure.map { $0.code.rawValue } ?? "\(status) with \(chunks.reduce(0) { $0 + $1.count }) bytes"
    }
}
