import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Large packages are kept in memory and mended; what they show must be what the store has.
@Suite struct LargePackageTests {
    private static let count = 250

    private func engine(_ store: any MetadataStore = InMemoryMetadataStore()) async throws -> EngineFixture {
        let engine = try await EngineFixture(store: store)
        try await engine.add("h", .hosted) { $0.hosted.allowRedeploy = true }
        for number in 0..<Self.count { _ = await engine.put("/line/p/h/files/x/\(number)", "content \(number)") }
        return engine
    }

    private func lines(_ engine: EngineFixture) async throws -> [String] {
        try await engine.get("/line/p/h/index/x").text.split(separator: "\n").map(String.init)
    }

    @Test func `every change to a large package shows at once`() async throws {
        let engine = try await engine()
        #expect(try await lines(engine).count == Self.count)
        _ = await engine.put("/line/p/h/files/x/100a", "new")
        _ = await engine.put("/line/p/h/files/x/zzz", "last")
        #expect(try await lines(engine).count == Self.count + 2)
        _ = await engine.put("/line/p/h/files/x/7", "other bytes")
        #expect(await engine.send(.delete, "/line/p/h/files/x/0").status == 204)
        let lines = try await lines(engine)
        #expect(lines.count == Self.count + 1)
        #expect(lines.contains("files/x/7 11 \(BlobDigest(of: Array("other bytes".utf8)))"))
        #expect(!lines.contains { $0.hasPrefix("files/x/0 ") })
        engine.services.administration.contentChanged(in: 1, package: nil)
        #expect(try await self.lines(engine) == lines)
    }

    @Test func `one change to a large package reads one file`() async throws {
        let counting = RowCountingStore()
        let engine = try await engine(counting)
        _ = try await lines(engine)
        let before = counting.packagesRead
        _ = await engine.put("/line/p/h/files/x/new", "new")
        #expect(try await lines(engine).count == Self.count + 1)
        #expect(counting.packagesRead == before)
    }

    @Test func `a change of another repository does not have a large package read again`() async throws {
        let counting = RowCountingStore()
        let engine = try await engine(counting)
        _ = try await lines(engine)
        let before = counting.packagesRead
        engine.services.administration.contentChanged(in: try await engine.add("other", .hosted), package: nil)
        _ = await engine.put("/line/p/h/files/x/new", "new")
        #expect(try await lines(engine).count == Self.count + 1)
        #expect(counting.packagesRead == before)
    }

    @Test func `what is published while others read is never lost`() async throws {
        let engine = try await engine()
        _ = try await lines(engine)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    _ = await engine.put("/line/p/h/files/x/during-\(number)", "content")
                    let text = try? await engine.get("/line/p/h/index/x").text
                    #expect(text?.contains("files/x/during-\(number) ") == true)
                }
            }
        }
        #expect(try await lines(engine).count == Self.count + 40)
    }
}
