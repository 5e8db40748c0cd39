import EngineTestKit
import FormatPyPI
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// Policies that go by what upstreams did oddly.
@Suite struct UpstreamAnomalyPolicyTests {
    private func made(store: any MetadataStore = InMemoryMetadataStore()) async throws -> EngineFixture {
        let engine = try await EngineFixture(store: store, further: [PyPIFormat.self])
        let proxy = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        try await engine.add("g", .group) { $0.group.members = [proxy] }
        return engine
    }

    /// Has the proxy look at the upstream's page of `x` as it is now.
    private func look(_ engine: EngineFixture, _ files: [(String, String)]) async throws -> String {
        engine.announce(files)
        engine.clock.advance(seconds: 61)
        return try await engine.get("/line/p/u/index/x").text
    }

    private static func reason(_ answer: HTTPResponse) -> String? { answer.headers["x-save-reason"] }

    private static let before = [("1", "one"), ("2", "two"), ("3", "three")]
    private static let after = [("1", "one"), ("2", "bad")]

    @Test(arguments: [
        ([], ["2", "3"]), (["changed_file"], ["2"]), (["vanished_file"], ["3"]),
        (["vanished_file", "changed_file"], ["2", "3"]),
        (["quarantine"], []), (["late_file", "lookalike_name"], []),
    ])
    func `a policy is about files with which the upstream did what it asks for, page and file alike`(
        _ kinds: [String], _ refused: [String]
    ) async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { ($0.match.upstreamAnomaly, $0.presentation) = (kinds, .omit) }
        _ = try await look(engine, Self.before)
        // It is here, so that it can be given out after the upstream took it away.
        #expect(try await engine.get("/line/p/u/files/x/3").text == "three")
        let page = try await look(engine, Self.after)
        for name in ["1", "2", "3"] {
            let isRefused = refused.contains(name)
            for door in ["u", "g"] {
                #expect(await engine.send(.get, "/line/p/\(door)/files/x/\(name)").status == (isRefused ? 403 : 200), "\(name)")
            }
            #expect(page.contains("files/x/\(name) ") == (!isRefused && name != "3"), "\(name)")
        }
        if refused == ["2"] {
            #expect(
                Self.reason(await engine.send(.head, "/line/p/u/files/x/2"))
                    == "Blocked by Save: x has other bytes upstream than before, policy odd")
        }
    }

    @Test func `what an upstream did once holds after a restart, and explain tells of it`() async throws {
        let store = InMemoryMetadataStore()
        var engine = try await made(store: store)
        _ = try await look(engine, Self.before)
        _ = try await look(engine, Self.after)
        await engine.services.upstreams.finishCopies()
        engine = try await EngineFixture(store: store, blobs: engine.blobs, isFirst: false)
        engine.announce(Self.after)
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = [] }
        #expect(await engine.send(.get, "/line/p/u/files/x/2").status == 403)
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let explained = try await engine.services.administration.explain("x", in: repository, refresh: false).json
        let upstream = explained.object?["members"]?.array?.first?.object?["upstream"]?.object
        let kinds = upstream?["anomalies"]?.array?.compactMap { $0.object?["kind"]?.string }
        #expect(kinds?.sorted() == ["changed_file", "vanished_file"])
    }

    @Test func `a file that is listed again did not vanish, and changed bytes stay a reason`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = [] }
        for files in [Self.before, Self.after, Self.before] { _ = try await look(engine, files) }
        #expect(try await engine.get("/line/p/u/files/x/3") == (200, "three"))
        #expect(await engine.send(.get, "/line/p/u/files/x/2").status == 403)
    }

    @Test func `changed bytes of a file that is here are a reason although the page stays as it was`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = ["changed_file"] }
        _ = try await look(engine, Self.before)
        #expect(try await engine.get("/line/p/u/files/x/2") == (200, "two"))
        _ = try await look(engine, [("1", "one"), ("2", "bad"), ("3", "three")])
        #expect(await engine.send(.get, "/line/p/u/files/x/2").status == 403)
    }

    @Test func `a package that was in quarantine is a reason after the quarantine, for all of its files`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = ["quarantine"] }
        _ = try await look(engine, Self.before)
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
        engine.upstream.answer(EngineFixture.base + "index/x", text: "sealed\n")
        engine.clock.advance(seconds: 61)
        _ = try await engine.get("/line/p/u/index/x")
        _ = try await look(engine, Self.before)
        for name in ["1", "3"] {
            let refused = await engine.send(.get, "/line/p/u/files/x/\(name)")
            #expect(Self.reason(refused) == "Blocked by Save: x was in quarantine upstream, policy odd")
        }
    }

    @Test func `of more changed files than are kept, all files of the package are meant`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = ["vanished_file"] }
        let many = (0...1001).map { ("\($0)", "x") }
        _ = try await look(engine, many)
        _ = try await look(engine, [("0", "x")])
        let kept = try await engine.store.read { reading in
            try reading.anomalies(try reading.repositories().first { $0.name == "u" }?.id ?? 0, package: .init(normalized: "x"))
        }
        #expect(kept.map(\.subject) == [""])
        // What is listed did not vanish.
        #expect(await engine.send(.get, "/line/p/u/files/x/0").status == 200)
    }

    @Test func `files that are kept already are not counted again, so that the package is not meant for their sake`() async throws
    {
        let engine = try await made()
        _ = try await engine.add(policy: "odd") { $0.match.upstreamAnomaly = ["vanished_file"] }
        let many = (0...600).map { ("\($0)", "x") }
        for files in [many, [("0", "x")], many, [("0", "x")]] { _ = try await look(engine, files) }
        let kept = try await engine.store.read { reading in
            try reading.anomalies(try reading.repositories().first { $0.name == "u" }?.id ?? 0, package: .init(normalized: "x"))
        }
        #expect(kept.count == 600 && !kept.contains { $0.subject.utf8.isEmpty })
    }

    @Test func `a wheel that joins a release two weeks later is late, at the first look as well`() async throws {
        let engine = try await made()
        try await engine.add("py", .proxy) { $0.format = "pypi" }
        let now = engine.clock.platform.now()
        let entries = [("py3", 40), ("py2", 26), ("cp39", 27)].map { tag, days in
            let name = "foo-1.0-\(tag)-none-any.whl"
            engine.upstream.answer(EngineFixture.base + "files/" + name, text: name)
            return
                #"{"filename":"\#(name)","url":"../files/\#(name)","hashes":{"sha256":"\#(BlobDigest(of: Array(name.utf8)).hex)"},"upload-time":"\#(now.adding(seconds: Int64(-days) * 86_400).rfc3339)"}"#
        }
        let page = #"{"meta":{"api-version":"1.3"},"name":"foo","files":["# + entries.joined(separator: ",") + "]}"
        engine.upstream.answer(
            EngineFixture.base + "foo/",
            .init(headers: ["Content-Type": "application/vnd.pypi.simple.v1+json"], chunks: [Array(page.utf8)]))
        _ = try await engine.add(policy: "late") { $0.match.upstreamAnomaly = ["late_file"] }
        var statuses: [Int] = []
        for tag in ["py3", "py2", "cp39"] {
            statuses.append(await engine.send(.get, "/pypi/p/py/packages/foo/foo-1.0-\(tag)-none-any.whl").status)
        }
        #expect(statuses == [200, 403, 200])
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "py"))
        let answer = try await engine.services.administration.evaluate([PackageURL("pkg:pypi/foo@1.0")], in: repository)
        #expect(answer.first?.object?["verdict"] == "warn")
    }
}
