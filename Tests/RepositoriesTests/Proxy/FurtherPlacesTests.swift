import EngineTestKit
import FormatCargo
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Indexes that an upstream keeps under one of several names (`UpstreamRequest.furtherURLs`).
@Suite struct FurtherPlacesTests {
    private static let base = EngineFixture.base
    private static let hyphen = base + "my/-c/my-crate"
    private static let underscore = base + "my/_c/my_crate"

    private func engine() async throws -> EngineFixture {
        let engine = try await EngineFixture(format: CargoFormat.self)
        try await engine.add("u", .proxy) {
            $0.format = "cargo"
            $0.proxy.cacheTTL = 60
        }
        engine.upstream.answer(Self.base + "config.json", text: #"{"dl":"http://upstream.test/f"}"#)
        return engine
    }

    private func line(_ content: String) -> String {
        #"{"name":"my_crate","vers":"1.0.0","deps":[],"cksum":"\#(Digest.hex(Array(content.utf8)))","features":{},"yanked":false}"#
    }

    private func asked(_ engine: EngineFixture) -> [String] {
        engine.upstream.requests.map(\.url).filter { !$0.hasSuffix("config.json") }
    }

    @Test func `an index is looked for under each of its names until it is found, and first where it was found last`()
        async throws
    {
        let engine = try await engine()
        engine.upstream.answer(Self.underscore, text: line("crate") + "\n", etag: "\"a\"")
        engine.upstream.answer(Self.base + "f/my_crate/1.0.0/download", text: "crate")
        // Whichever spelling a client asks for, and a file as well.
        #expect(try await engine.get("/cargo/p/u/my/-c/my-crate").status == 200)
        #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").text.contains("\"vers\":\"1.0.0\""))
        #expect(try await engine.get("/cargo/p/u/api/v1/crates/my-crate/1.0.0/download").text == "crate")
        #expect(asked(engine) == [Self.hyphen, Self.underscore, Self.base + "f/my_crate/1.0.0/download"])
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").status == 200)
        #expect(asked(engine).dropFirst(3) == [Self.underscore])
        #expect(engine.upstream.requests(of: Self.underscore).last?.headers["if-none-match"] == "\"a\"")
    }

    @Test func `what is under none of its names is not there, and is not asked for again at once`() async throws {
        let engine = try await engine()
        for _ in 0..<3 { #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").status == 404) }
        #expect(asked(engine) == [Self.hyphen, Self.underscore])
    }

    @Test func `a name that fails is not taken for one that is not there`() async throws {
        let engine = try await engine()
        engine.upstream.answer(Self.hyphen, FakeUpstream.Answer(status: 503))
        engine.upstream.answer(Self.underscore, text: line("crate"))
        #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").status == 503)
        #expect(asked(engine) == [Self.hyphen])
    }

    @Test func `a validator goes to the place that gave it only`() async throws {
        let engine = try await engine()
        engine.upstream.answer(Self.underscore, text: line("crate"), etag: "\"a\"")
        #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").status == 200)
        // The upstream has it under the other name now.
        engine.upstream.answer(Self.underscore, FakeUpstream.Answer(status: 404))
        engine.upstream.answer(Self.hyphen, text: line("other").replacing("my_crate", with: "my-crate"), etag: "\"a\"")
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/cargo/p/u/my/_c/my_crate").text.contains("my-crate"))
        #expect(engine.upstream.requests(of: Self.hyphen).last?.headers["if-none-match"] == nil)
    }
}
