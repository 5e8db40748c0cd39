import EngineTestKit
import FormatGo
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// What an upstream has beside its lists (`UnlistedVersions`), and names below names that are hosted (`PackageNesting`).
@Suite struct UnlistedFilesTests {
    private static let base = EngineFixture.base
    private static let commit = "v0.0.0-20200102030405-abcdefabcdef"

    private func engine() async throws -> EngineFixture {
        let engine = try await EngineFixture(format: GoFormat.self)
        let proxy = try await engine.add("u", .proxy) {
            $0.format = "go"
            $0.proxy.cacheTTL = 60
        }
        let hosted = try await engine.add("h", .hosted) { $0.format = "go" }
        try await engine.add("g", .group) {
            $0.format = "go"
            $0.group.members = [proxy, hosted]
        }
        engine.upstream.answer(Self.base + "a.test/lib/@v/list", text: "v1.0.0\n")
        return engine
    }

    private func zip(_ version: String) -> String { Self.base + "a.test/lib/@v/\(version).zip" }

    @Test func `a file that no list has is asked for where the module is known, once while it is not there`() async throws {
        let engine = try await engine()
        engine.upstream.answer(zip(Self.commit), text: "zip")
        for _ in 0..<2 { #expect(try await engine.get("/go/p/g/a.test/lib/@v/\(Self.commit).zip").text == "zip") }
        for _ in 0..<2 {
            #expect(try await engine.get("/go/p/g/a.test/lib/@v/v1.9.0.zip").status == 404)
            #expect(try await engine.get("/go/p/g/a.test/none/@v/\(Self.commit).zip").status == 404)
        }
        #expect(engine.upstream.requests(of: zip(Self.commit)).count == 1)
        #expect(engine.upstream.requests(of: zip("v1.9.0")).count == 1)
        #expect(engine.upstream.requests(of: Self.base + "a.test/none/@v/\(Self.commit).zip").isEmpty)
        engine.clock.advance(seconds: 1000)
        engine.upstream.answer(zip("v1.9.0"), text: "late")
        #expect(try await engine.get("/go/p/g/a.test/lib/@v/v1.9.0.zip").text == "late")
    }

    @Test func `a document of the upstream's own is kept as an index is`() async throws {
        let engine = try await engine()
        let place = Self.base + "a.test/lib/@v/main.info"
        engine.upstream.answer(place, text: #"{"Version":"\#(Self.commit)"}"#, etag: "\"a\"")
        for _ in 0..<2 { #expect(try await engine.get("/go/p/g/a.test/lib/@v/main.info").text.contains(Self.commit)) }
        #expect(engine.upstream.requests(of: place).count == 1)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/go/p/g/a.test/lib/@v/main.info").status == 200)
        #expect(engine.upstream.requests(of: place).last?.headers["if-none-match"] == "\"a\"")
        // Another version is nothing odd, and an upstream that fails changes nothing.
        engine.upstream.answer(place, text: #"{"Version":"v1.0.0"}"#)
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/go/p/g/a.test/lib/@v/main.info").text == #"{"Version":"v1.0.0"}"#)
        engine.upstream.answer(place, FakeUpstream.Answer(status: 503))
        engine.clock.advance(seconds: 61)
        #expect(try await engine.get("/go/p/g/a.test/lib/@v/main.info").text == #"{"Version":"v1.0.0"}"#)
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let told = try await engine.services.administration.explain("a.test/lib", in: repository, refresh: false)
        #expect(told.members.first?.upstream?.anomalies.isEmpty == true)
    }

    @Test func `what lies below a hosted name is asked of no upstream, and explain says so`() async throws {
        let engine = try await engine()
        engine.upstream.answer(Self.base + "corp.test/lib/v2/@v/list", text: "v2.0.0\n")
        engine.upstream.answer(Self.base + "corp.test/other/@v/list", text: "v1.0.0\n")
        #expect(try await engine.get("/go/p/g/corp.test/lib/v2/@v/list").status == 200)
        let zip = FixtureZip([.init("corp.test/lib@v1.0.0/go.mod", "module corp.test/lib\n")]).bytes
        let published = await engine.send(.put, "/go/p/h/corp.test/lib/@v/v1.0.0.zip", body: ByteStream(zip))
        #expect(published.status == 201)
        let asked = engine.upstream.requestCount
        for path in ["lib/v2/@v/list", "lib/v2/@v/v2.0.0.zip", "lib/tool/@v/list", "lib/v2/@v/main.info", "lib/v2/@latest"] {
            let answer = try await engine.get("/go/p/g/corp.test/" + path)
            #expect(answer.status == 404 && answer.text.contains("lies below 'corp.test/lib'"), "\(path)")
        }
        #expect(engine.upstream.requestCount == asked)
        #expect(try await engine.get("/go/p/g/corp.test/other/@v/list").status == 200)
        #expect(try await engine.get("/go/p/u/corp.test/lib/v2/@v/list").status == 200, "the proxy by itself has it")
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "g"))
        let told = try await engine.services.administration.explain("corp.test/lib/v2", in: group, refresh: true)
        let proxy = told.members.first { $0.repository.record.name == "u" }
        #expect(proxy?.state == "passed_over" && proxy?.reason?.rule == "owned_name")
    }
}
