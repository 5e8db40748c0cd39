import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@Suite struct GroupTests {
    /// A group whose proxy stands before its hosted member.
    private func grouped(_ policy: GroupSettings.Policy = .firstOwner) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy)
        let hosted = try await engine.add("h", .hosted)
        try await engine.add("g", .group) {
            $0.group.members = [proxy, hosted]
            $0.group.policy = policy
        }
        return engine
    }

    @Test func `R-78 a name that is hosted is never asked of an upstream, page or file`() async throws {
        let engine = try await grouped()
        engine.announce([("99", "evil")])
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(try await engine.get("/line/p/g/index/x").text.hasPrefix("files/x/1 4"))
        #expect(try await engine.get("/line/p/g/files/x/1").text == "mine")
        #expect(try await engine.get("/line/p/g/files/x/99").status == 404)
        #expect(engine.upstream.requestCount == 0)
    }

    @Test func `R-80 a name becomes ours with its first publish, at once`() async throws {
        let engine = try await grouped()
        engine.announce([("99", "theirs")])
        #expect(try await engine.get("/line/p/g/index/x").text.hasPrefix("files/x/99"))
        #expect(try await engine.get("/line/p/g/files/x/99").text == "theirs")
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(try await engine.get("/line/p/g/index/x").text.hasPrefix("files/x/1"))
        #expect(try await engine.get("/line/p/g/files/x/99").status == 404)
    }

    @Test func `R-79 union merges what all have, the first member wins`() async throws {
        let engine = try await grouped(.union)
        engine.announce([("1", "theirs"), ("99", "theirs too")])
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        _ = await engine.put("/line/p/h/files/x/2", "mine, too")
        let lines = try await engine.get("/line/p/g/index/x").text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(try await engine.get("/line/p/g/files/x/1").text == "theirs")
        #expect(try await engine.get("/line/p/g/files/x/2").text == "mine, too")
    }

    /// A union of two hosted repositories, `b` before `a`, with the package `x` in both.
    private func shared(_ first: String, _ second: String) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        let ids = [try await engine.add(first, .hosted), try await engine.add(second, .hosted)]
        try await engine.add("g", .group) {
            $0.group.members = ids
            $0.group.policy = .union
        }
        _ = await engine.put("/line/p/a/files/x/1", "of a")
        _ = await engine.put("/line/p/a/files/x/2", "of a")
        _ = await engine.put("/line/p/b/files/x/1", "of b, too")
        _ = await engine.put("/line/p/b/files/x/3", "of b")
        return engine
    }

    private func say(_ attributes: JSONObject, of repository: String, _ engine: EngineFixture) async throws {
        let id = try #require(engine.catalogue.current.repository(project: "p", name: repository)?.record.id)
        try await engine.store.write { writing in
            var record = try #require(try writing.package(id, PackageID(normalized: "x")))
            record.attributes = attributes
            try writing.put(record)
        }
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
    }

    @Test(arguments: [("a", "b"), ("b", "a")])
    func `R-74 R-79 a member that gives a package out to nobody takes no file from the others`(
        first: String, second: String
    ) async throws {
        let engine = try await shared(first, second)
        try await say(["sealed": true], of: "b", engine)
        let page = try await engine.get("/line/p/g/index/x").text
        #expect(page.split(separator: "\n").map { $0.prefix(9) } == ["files/x/1", "files/x/2"])
        #expect(try await engine.get("/line/p/g/files/x/1").text == "of a")
        #expect(try await engine.get("/line/p/g/files/x/3").status == 403)
        try await say(["sealed": true], of: "a", engine)
        #expect(try await engine.get("/line/p/g/files/x/1").status == 403)
        #expect(await engine.send(.get, "/line/p/g/index/x").status == 200)
        try await say([:], of: "b", engine)
        #expect(try await engine.get("/line/p/g/files/x/1").text == "of b, too")
    }

    @Test func `what members say of a package is put together by key, the first to say something wins`() {
        let said: [JSONObject] = [["a": 1], ["a": 2, "b": 3], ["c": .null]]
        #expect(JSONObject(mergedByKeyFrom: said) == ["a": 1, "b": 3, "c": .null])
        #expect(JSONObject(mergedByKeyFrom: []) == [:])
    }

    @Test func `R-81 a member that fails is an error, not a miss`() async throws {
        let engine = try await grouped()
        engine.upstream.fail(EngineFixture.base + "index/x")
        #expect(try await engine.get("/line/p/g/index/x").status == 503)
        #expect(try await engine.get("/line/p/g/files/x/1").status == 503)
    }

    @Test func `R-82 a package that nobody has is 404, and is found once somebody has it`() async throws {
        let engine = try await grouped()
        #expect(try await engine.get("/line/p/g/index/x").status == 404)
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(try await engine.get("/line/p/g/index/x").status == 200)
    }

    @Test func `R-53 a group with a member that the caller may not read shows nothing of itself`() async throws {
        let engine = try await EngineFixture()
        let open = try await engine.add("open", .hosted) { $0.anonymousRead = true }
        let closed = try await engine.add("closed", .hosted)
        try await engine.add("g", .group) {
            $0.anonymousRead = true
            $0.group.members = [open, closed]
        }
        _ = await engine.put("/line/p/open/files/x/1", "public")
        #expect(try await engine.get("/line/p/open/index/x", as: nil).status == 200)
        #expect(try await engine.get("/line/p/g/index/x", as: nil).status == 401)
        #expect(try await engine.get("/line/p/g/index/x", as: "stranger").status == 404)
        #expect(try await engine.get("/line/p/g/index/x", as: "viewer").status == 200)
    }

    @Test func `a page that was made for somebody is not given to somebody else`() async throws {
        let engine = try await grouped()
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        #expect(try await engine.get("/line/p/g/index/x", as: "viewer").status == 200)
        #expect(try await engine.get("/line/p/g/index/x", as: "stranger").status == 404)
        #expect(try await engine.get("/line/p/g/index/x", as: nil).status == 401)
    }

    @Test func `what does not exist and what may not be read look the same`() async throws {
        let engine = try await grouped()
        let hidden = await engine.send(.get, "/line/p/h/index/x", as: "stranger")
        let missing = await engine.send(.get, "/line/p/nothing/index/x", as: "stranger")
        #expect(hidden.status == missing.status)
        #expect(try await hidden.text() == missing.text())
        #expect(await engine.send(.get, "/line/p/nothing/index/x", as: nil).status == 401)
    }

    @Test func `a group of groups reaches each member once`() async throws {
        let engine = try await EngineFixture()
        let hosted = try await engine.add("h", .hosted)
        let inner = try await engine.add("inner", .group) { $0.group.members = [hosted] }
        try await engine.add("outer", .group) {
            $0.group.members = [inner, hosted]
            $0.group.policy = .union
        }
        _ = await engine.put("/line/p/h/files/x/1", "one")
        #expect(try await engine.get("/line/p/outer/index/x").text.split(separator: "\n").count == 1)
        #expect(await engine.put("/line/p/outer/files/x/2", "two").status == 405)
    }
}
