import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@Suite struct ExplainTests {
    /// A proxy before a hosted member, in a group.
    private func grouped(_ change: @escaping @Sendable (inout RepositoryRecord) -> Void = { _ in }) async throws -> EngineFixture
    {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        let hosted = try await engine.add("h", .hosted)
        try await engine.add("g", .group) { record in
            record.group.members = [proxy, hosted]
            change(&record)
        }
        return engine
    }

    private func explain(
        _ package: String, in name: String, _ engine: EngineFixture, refresh: Bool = false
    ) async throws -> Explained {
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: name))
        return Explained(json: try await engine.services.administration.explain(package, in: repository, refresh: refresh).json)
    }

    private struct Explained {
        let json: JSONValue

        subscript(key: String) -> JSONValue? { json.object?[key] }
        func member(_ name: String) -> JSONObject? { find("members", "repository", "p/" + name) }
        func file(_ name: String, of member: String) -> JSONObject? {
            (self["files"]?.array ?? []).compactMap(\.object).first {
                $0["filename"]?.string == name && $0["repository"]?.string == "p/" + member
            }
        }
        private func find(_ list: String, _ key: String, _ value: String) -> JSONObject? {
            (self[list]?.array ?? []).compactMap(\.object).first { $0[key]?.string == value }
        }
    }

    @Test func `a hosted name shadows what a proxy has of it, and no upstream is asked, not even by refresh`() async throws {
        let engine = try await grouped()
        engine.announce([("1", "theirs"), ("99", "theirs, too")])
        #expect(try await engine.get("/line/p/u/files/x/99").status == 200)
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        let before = engine.upstream.requestCount
        engine.clock.advance(seconds: 100)
        for refresh in [false, true] {
            let explained = try await explain("X", in: "g", engine, refresh: refresh)
            #expect(explained["package"] == "x")
            #expect(explained["answered_by"] == ["p/h"])
            #expect(explained.member("h")?["state"] == "answers")
            #expect(explained.member("u")?["rule"] == "first_owner")
            #expect(explained.file("1", of: "h")?["state"] == "offered")
            #expect(explained.file("99", of: "u")?["state"] == "shadowed")
            #expect(explained.file("99", of: "u")?["rule"] == "first_owner")
            #expect(explained.file("99", of: "u")?["stored"] == true)
            #expect(explained.file("1", of: "u")?["stored"] == false)
        }
        #expect(engine.upstream.requestCount == before)
    }

    @Test func `what an upstream said and when is told without asking it, and asking is a wish`() async throws {
        let engine = try await grouped()
        let unknown = try await explain("x", in: "u", engine)
        #expect(unknown["rule"] == "not_asked")
        #expect(engine.upstream.requestCount == 0)
        engine.announce([("1", "one")], etag: "\"a\"")
        let asked = try await explain("x", in: "u", engine, refresh: true)
        #expect(engine.upstream.requestCount == 1)
        let upstream = try #require(asked.member("u")?["upstream"]?.object)
        #expect(upstream["status"] == 200)
        #expect(upstream["etag"] == "\"a\"")
        #expect(upstream["url"]?.string == EngineFixture.base + "index/x")
        #expect(upstream["fetched_at"]?.string != nil && upstream["stale"] == false)
        #expect(asked.file("1", of: "u")?["origin"]?.string == EngineFixture.base + "files/x/1")
        // After a restart, what was kept tells it; a server that stops waits for that.
        await engine.services.upstreams.finishCopies()
        let restarted = EngineServices(
            store: engine.store, blobs: engine.blobs, client: engine.upstream, catalogue: engine.catalogue,
            clock: engine.clock.platform, log: .silent(), pool: BlockingPool(name: "test", threads: 1), unseal: { _ in nil })
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let explained = Explained(json: try await restarted.administration.explain("x", in: repository, refresh: false).json)
        let kept = try #require(explained.member("u")?["upstream"]?.object)
        #expect(kept["status"] == 200)
        #expect(kept["asked_at"]?.string == upstream["asked_at"]?.string && kept["asked_at"]?.string != nil)
        engine.upstream.fail(EngineFixture.base + "index/x")
        engine.clock.advance(seconds: 61)
        _ = await engine.send(.get, "/line/p/u/index/x")
        let stale = try await explain("x", in: "u", engine)
        #expect(stale.member("u")?["rule"] == "stale")
        #expect(stale.member("u")?["upstream"]?.object?["failure"] == "down")
        #expect(stale.member("u")?["upstream"]?.object?["available"] == false)
    }

    @Test func `each rule by which a file is not offered has its name`() async throws {
        let engine = try await grouped()
        engine.announce([("1", "one"), ("2", "two")])
        #expect(try await engine.get("/line/p/u/files/x/1").text == "one")
        #expect(try await engine.get("/line/p/u/files/x/2").text == "two")
        engine.announce([("1", "changed")])
        engine.clock.advance(seconds: 61)
        _ = await engine.send(.get, "/line/p/u/index/x")
        let changed = try await explain("x", in: "u", engine)
        #expect(changed.file("1", of: "u")?["rule"] == "changed_upstream")
        #expect(changed.file("1", of: "u")?["state"] == "offered")
        #expect(changed.file("2", of: "u")?["rule"] == "removed_upstream")
        #expect(changed.file("2", of: "u")?["state"] == "unlisted")

        engine.upstream.answer(EngineFixture.base + "index/x", text: "sealed\n")
        engine.clock.advance(seconds: 61)
        _ = await engine.send(.get, "/line/p/u/index/x")
        #expect(try await explain("x", in: "u", engine).file("1", of: "u")?["rule"] == "quarantined")

        let id = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        engine.announce([("1", "one")])
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test"] }
        engine.services.administration.contentChanged(in: id, package: nil)
        engine.clock.advance(seconds: 61)
        _ = await engine.send(.get, "/line/p/u/index/x")
        let blocked = try await explain("x", in: "u", engine)
        #expect(blocked.file("1", of: "u")?["state"] == "blocked")
        #expect(blocked.file("1", of: "u")?["rule"] == "allowed_file_hosts")
    }

    @Test func `a reservation, a deletion and an offline member are told as what they are`() async throws {
        let engine = try await grouped { $0.group.reservedNames = [NamePattern(rawValue: "acme-*")] }
        let reserved = try await explain("acme_lib", in: "g", engine, refresh: true)
        #expect(reserved["rule"] == "reserved_name")
        #expect(reserved.member("u")?["rule"] == "reserved_name")
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(await engine.send(.delete, "/line/p/h/files/x/1").status == 204)
        engine.announce([("99", "evil")])
        let deleted = try await explain("x", in: "g", engine, refresh: true)
        #expect(deleted["rule"] == "retired_names")
        #expect(deleted.member("u")?["rule"] == "first_owner")
        #expect(engine.upstream.requestCount == 0)
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        try await engine.change(id) { $0.online = false }
        #expect(try await explain("x", in: "g", engine)["rule"] == "offline")
    }

    @Test func `R-78 a name whose files were all deleted does not pass to an upstream`() async throws {
        let engine = try await grouped()
        engine.announce([("99", "evil")])
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(await engine.send(.delete, "/line/p/h/files/x/1").status == 204)
        let refused = await engine.send(.get, "/line/p/g/index/x")
        #expect(refused.status == 403)
        #expect(await engine.send(.get, "/line/p/g/files/x/99").status == 404)
        #expect(engine.upstream.requestCount == 0)
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        _ = try await engine.store.write { try $0.deleteRetiredName(id, AssetPath("files/x/1")) }
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
        #expect(try await engine.get("/line/p/g/index/x").text.hasPrefix("files/x/99"))
    }

    @Test func `R-79 of two files of one name the second is shadowed`() async throws {
        let engine = try await grouped { $0.group.policy = .union }
        engine.announce([("1", "theirs"), ("2", "theirs")])
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        _ = await engine.put("/line/p/h/files/x/3", "mine, too")
        _ = await engine.send(.get, "/line/p/g/index/x")
        let explained = try await explain("x", in: "g", engine)
        #expect(explained["answered_by"] == ["p/u", "p/h"])
        #expect(explained.file("1", of: "u")?["state"] == "offered")
        #expect(explained.file("1", of: "h")?["rule"] == "duplicate_file")
        #expect(explained.file("3", of: "h")?["state"] == "offered")
    }

    @Test func `what is no name is not explained`() async throws {
        let engine = try await grouped()
        await #expect(throws: SaveError.self) { try await explain("a b", in: "g", engine) }
    }
}
