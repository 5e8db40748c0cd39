import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@Suite struct ReservedNameTests {
    /// A proxy before a hosted member, in a group that reserves `acme-*`.
    private func grouped(_ policy: GroupSettings.Policy) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy)
        let hosted = try await engine.add("h", .hosted)
        try await engine.add("g", .group) {
            $0.group.members = [proxy, hosted]
            $0.group.policy = policy
            $0.group.reservedNames = [NamePattern(rawValue: "acme-*")]
        }
        offer("acme-lib", engine)
        return engine
    }

    /// The upstream has a file `99` of a package.
    private func offer(_ package: String, _ engine: EngineFixture) {
        let digest = BlobDigest(of: Array("evil".utf8))
        engine.upstream.answer(EngineFixture.base + "index/\(package)", text: "files/\(package)/99 4 \(digest)\n")
        engine.upstream.answer(EngineFixture.base + "files/\(package)/99", text: "evil")
    }

    @Test(arguments: [GroupSettings.Policy.firstOwner, .union])
    func `R-78 a reserved name that nobody hosts is refused and never asked of an upstream`(
        policy: GroupSettings.Policy
    ) async throws {
        let engine = try await grouped(policy)
        for path in ["index/acme-lib", "files/acme-lib/99"] {
            let refused = await engine.send(.get, "/line/p/g/\(path)")
            #expect(refused.status == 403)
            #expect(refused.headers["x-save-reason"]?.contains("acme-*") == true)
            #expect(await engine.send(.head, "/line/p/g/\(path)").status == 403)
        }
        #expect(engine.upstream.requestCount == 0)
    }

    @Test(arguments: [GroupSettings.Policy.firstOwner, .union])
    func `R-78 a reserved name is answered by the member that hosts it, whatever an upstream offers`(
        policy: GroupSettings.Policy
    ) async throws {
        let engine = try await grouped(policy)
        #expect(await engine.send(.get, "/line/p/g/index/acme-lib").status == 403)
        _ = await engine.put("/line/p/h/files/acme-lib/1", "mine")
        #expect(try await engine.get("/line/p/g/index/acme-lib").text.hasPrefix("files/acme-lib/1 4"))
        #expect(try await engine.get("/line/p/g/files/acme-lib/1").text == "mine")
        #expect(try await engine.get("/line/p/g/files/acme-lib/99").status == 404)
        #expect(engine.upstream.requestCount == 0)
    }

    @Test func `a reserved name stays ours when its last file is deleted`() async throws {
        let engine = try await grouped(.firstOwner)
        _ = await engine.put("/line/p/h/files/acme-lib/1", "mine")
        #expect(await engine.send(.delete, "/line/p/h/files/acme-lib/1").status == 204)
        #expect(await engine.send(.get, "/line/p/g/index/acme-lib").status == 403)
        #expect(engine.upstream.requestCount == 0)
    }

    @Test func `a root index shows no reserved name of an upstream`() async throws {
        let engine = try await grouped(.firstOwner)
        engine.upstream.answer(EngineFixture.base + "index", text: "acme-lib\nacme\nother\n")
        #expect(try await engine.get("/line/p/g/index").text == "acme\nother\n")
        _ = await engine.put("/line/p/h/files/acme-mine/1", "mine")
        #expect(try await engine.get("/line/p/g/index").text == "acme\nacme-mine\nother\n")
    }

    @Test func `what a proxy reserves it never asks, and another member of a group may still have it`() async throws {
        let engine = try await EngineFixture()
        let reserving = try await engine.add("public", .proxy) {
            $0.proxy.reservedNames = [NamePattern(rawValue: "acme-lib")]
        }
        let partner = try await engine.add("partner", .proxy) {
            $0.proxy.remoteURL = "http://partner.test/"
            $0.proxy.resolvedURL = "http://partner.test/"
        }
        try await engine.add("g", .group) { $0.group.members = [reserving, partner] }
        try await engine.add("alone", .group) { $0.group.members = [reserving] }
        offer("acme-lib", engine)
        let digest = BlobDigest(of: Array("theirs".utf8))
        engine.upstream.answer("http://partner.test/index/acme-lib", text: "files/acme-lib/1 6 \(digest)\n")
        #expect(await engine.send(.get, "/line/p/public/index/acme-lib").status == 403)
        #expect(await engine.send(.get, "/line/p/public/files/acme-lib/99").status == 403)
        #expect(await engine.send(.get, "/line/p/alone/index/acme-lib").status == 403)
        #expect(try await engine.get("/line/p/g/index/acme-lib").text.hasPrefix("files/acme-lib/1"))
        #expect(engine.upstream.requests(of: EngineFixture.base + "index/acme-lib").isEmpty)
    }

    @Test func `what a group in a group reserves is reserved`() async throws {
        let engine = try await EngineFixture()
        let proxy = try await engine.add("u", .proxy)
        let inner = try await engine.add("inner", .group) {
            $0.group.members = [proxy]
            $0.group.reservedNames = [NamePattern(rawValue: "acme-*")]
        }
        try await engine.add("outer", .group) { $0.group.members = [inner, proxy] }
        offer("acme-lib", engine)
        #expect(await engine.send(.get, "/line/p/outer/index/acme-lib").status == 403)
        #expect(engine.upstream.requestCount == 0)
    }

    @Test func `R-81 a member that is offline keeps its names to itself`() async throws {
        let engine = try await EngineFixture()
        let hosted = try await engine.add("h", .hosted)
        let proxy = try await engine.add("u", .proxy)
        try await engine.add("g", .group) { $0.group.members = [hosted, proxy] }
        offer("acme-lib", engine)
        offer("other", engine)
        _ = await engine.put("/line/p/h/files/acme-lib/1", "mine")
        try await engine.change(hosted) { $0.online = false }
        #expect(await engine.send(.get, "/line/p/g/index/acme-lib").status == 503)
        #expect(await engine.send(.get, "/line/p/g/files/acme-lib/1").status == 503)
        #expect(await engine.send(.get, "/line/p/g/index/other").status == 200)
        #expect(engine.upstream.requests(of: EngineFixture.base + "index/acme-lib").isEmpty)
        try await engine.change(hosted) { $0.online = true }
        try await engine.change(proxy) { $0.online = false }
        #expect(await engine.send(.get, "/line/p/g/index/acme-lib").status == 200)
        #expect(await engine.send(.get, "/line/p/g/index/other").status == 503)
    }
}
