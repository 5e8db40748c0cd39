import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@Suite struct RetiredNameTests {
    private static let path = "/line/p/h/files/x/1"

    private func engine(_ change: @escaping @Sendable (inout RepositoryRecord) -> Void = { _ in }) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted, change)
        #expect(await engine.put(Self.path, "one", as: "dev").status == 201)
        #expect(await engine.send(.delete, Self.path).status == 204)
        return engine
    }

    @Test func `R-71 the name of a deleted file is not given to other bytes`() async throws {
        let engine = try await engine()
        for user in ["dev", "admin"] {
            let refused = await engine.put(Self.path, "two", as: user)
            #expect(refused.status == 400)
            let text = try await refused.text()
            // Clients take these words for "it is there already", which it is not.
            #expect(!text.lowercased().contains("already"), "\(text)")
            #expect(text.contains("'1'"))
        }
        #expect(try await engine.get(Self.path).status == 404)
        #expect(await engine.put("/line/p/h/files/x/2", "two", as: "dev").status == 201)
    }

    @Test func `R-71 who may delete may put the same bytes back, others may not`() async throws {
        let engine = try await engine()
        #expect(await engine.put(Self.path, "one", as: "dev").status == 400)
        #expect(await engine.put(Self.path, "one", as: "admin").status == 201)
        #expect(try await engine.get(Self.path).text == "one")
        // The name is in use again, so nothing is retired.
        #expect(await engine.put(Self.path, "one", as: "dev").status == 200)
        let names = try await engine.store.read { try $0.retiredNames(1, package: PackageID(normalized: "x")) }
        #expect(names == [])
    }

    @Test func `R-71 a repository that allows redeploying gives the name to callers that may delete`() async throws {
        let engine = try await engine { $0.hosted.allowRedeploy = true }
        #expect(await engine.put(Self.path, "two", as: "dev").status == 400)
        #expect(await engine.put(Self.path, "two", as: "admin").status == 201)
        #expect(try await engine.get(Self.path).text == "two")
    }

    @Test func `a refused name leaves no blob behind`() async throws {
        let engine = try await engine()
        let before = try await engine.blobCount()
        #expect(await engine.put(Self.path, "two").status == 400)
        #expect(try await engine.blobCount() == before)
    }

    @Test func `a package that takes no uploads says so, and one that is sealed gives nothing`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("h", .hosted)
        #expect(await engine.put(Self.path, "one").status == 201)
        #expect(try await engine.get(Self.path).status == 200)
        try await set(["closed": true], id, engine)
        let refused = await engine.put("/line/p/h/files/x/2", "two")
        #expect(refused.status == 403)
        #expect(refused.headers["x-save-reason"] == "closed")
        #expect(await engine.put(Self.path, "one").status == 200)
        try await set(["sealed": true], id, engine)
        for method in [HTTPMethod.get, .head] {
            let sealed = await engine.send(method, Self.path)
            #expect(sealed.status == 403)
            #expect(sealed.headers["x-save-reason"] == "sealed for good")
        }
        #expect(try await engine.get("/line/p/h/files/x/none").status == 404)
        try await set([:], id, engine)
        #expect(try await engine.get(Self.path).text == "one")
    }

    private func set(_ attributes: JSONObject, _ repository: Int64, _ engine: EngineFixture) async throws {
        let package = PackageID(normalized: "x")
        try await engine.store.write { writing in
            var record = try #require(try writing.package(repository, package))
            record.attributes = attributes
            try writing.put(record)
        }
        engine.services.administration.contentChanged(in: repository, package: package)
    }
}
