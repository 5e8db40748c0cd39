import EngineTestKit
import FormatParcels
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Names that are too alike to be two: the first spelling stays.
@Suite struct SpellingTests {
    private let engine: EngineFixture

    init() async throws {
        engine = try await EngineFixture(format: ParcelsFormat.self)
        try await engine.add("hosted", .hosted) { $0.format = "parcels" }
    }

    private func publish(_ name: String, _ version: String) async -> HTTPResponse {
        let body = parcel(["name": .string(name), "version": .string(version)], "bytes of \(version)")
        return await engine.send(.put, "/parcels/p/hosted/new", body: ByteStream(body))
    }

    @Test(arguments: ["my-crate", "My_Crate", "MY-CRATE"])
    func `another spelling of a name is refused with the one that is there`(other: String) async throws {
        #expect(await publish("my_crate", "1.0").status == 200)
        let refused = await publish(other, "1.1")
        #expect(refused.status == 409)
        #expect(try await refused.text().contains("there is a package 'my_crate' already, which '\(other)' would be taken for"))
        #expect(try await engine.blobCount() == 1)
        #expect(await publish("my_crate", "1.1").status == 200)
        let packages = try await engine.store.read { reading in
            let repository = try reading.repositories()[0].id
            return try reading.packages(repository, after: nil, limit: 10, matching: nil).map(\.displayName)
        }
        #expect(packages == ["my_crate"])
    }

    @Test func `the same bytes under another spelling are refused as well`() async throws {
        #expect(await publish("my_crate", "1.0").status == 200)
        #expect(await publish("my-crate", "1.0").status == 409)
        #expect(await publish("my_crate", "1.0").status == 200)
    }

    @Test func `a format without the claim takes every spelling`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("lines", .hosted)
        #expect(await engine.put("/line/p/lines/files/x/a", "a").status == 201)
    }
}
