import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// The links at the end of refusals, and what they lead to.
@Suite struct RefusalNumberTests {
    private func made(_ publicURL: String? = "https://save.example.com/here") async throws -> EngineFixture {
        try await .withWheels(publicURL: publicURL, numbersRefusals: true)
    }

    private func reason(_ engine: EngineFixture, _ path: String, headers: HTTPHeaders = [:]) async -> String {
        await engine.send(.get, path, headers: headers).headers["x-save-reason"] ?? ""
    }

    private func refusals(_ engine: EngineFixture) async throws -> [RefusalRecord] {
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        return try await engine.store.read { try $0.refusals(repository, package: "x") }
    }

    @Test func `a refused version has one number behind every door, and each policy its own`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "range") { $0.match.youngerThan = "7d" }
        let page = try await engine.send(.get, "/pypi/p/g/simple/x/", headers: ["Accept": "text/html"]).text()
        let known = try await refusals(engine)
        #expect(known.map(\.subject.version) == ["1", "2"] && known.allSatisfy { $0.subject.policy == policy })
        let link = "; https://save.example.com/here/ui/why/\(known[0].id)"
        #expect(page.contains(link))
        for name in ["u", "g"] {
            let text = await reason(engine, EngineFixture.wheel("1", in: name))
            #expect(text.hasSuffix(link) && text.hasPrefix("Blocked by Save: x 1 was first seen"))
        }
        #expect(try await refusals(engine) == known)
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let evaluated = try await engine.services.administration.evaluate([try PackageURL("pkg:pypi/x@1")], in: repository)
        #expect(evaluated.first?.object?["reason"]?.string?.hasSuffix(link) == true)
        let explained = try await engine.services.administration.explain("x", in: repository, refresh: false).json
        let file = explained.object?["files"]?.array?.compactMap(\.object).first { $0["version"] == "1" }
        #expect(file?["reason"]?.string?.hasSuffix(link) == true)
        _ = try await engine.add(policy: "first") { ($0.priority, $0.match.packages) = (1, ["x"]) }
        #expect(!(await reason(engine, EngineFixture.wheel("1", in: "u"))).hasSuffix(link))
        #expect(try await refusals(engine).count == 3)
    }

    @Test func `a question makes no number`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let answer = try await engine.services.administration.evaluate([try PackageURL("pkg:pypi/x@1")], in: repository)
        #expect(answer.first?.object?["reason"] == "Blocked by Save: x is not allowed, policy no-x")
        _ = try await engine.services.administration.explain("x", in: repository, refresh: false)
        #expect(try await refusals(engine) == [])
    }

    @Test func `without an address of the server a refusal leads to the host that the client used`() async throws {
        let engine = try await made(nil)
        _ = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        let page = try await engine.send(.get, "/pypi/p/u/simple/x/", headers: ["Accept": "text/html"]).text()
        let id = try #require(try await refusals(engine).first?.id)
        #expect(page.contains("policy no-x; /ui/why/\(id)"))
        for host in ["a.example", "b.example:8080"] {
            let text = await reason(engine, EngineFixture.wheel("1", in: "u"), headers: ["Host": host])
            #expect(text == "Blocked by Save: x is not allowed, policy no-x; http://\(host)/ui/why/\(id)")
        }
    }

    @Test func `names that clients make up get no number`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "all") { $0.match.packages = ["*"] }
        for path in ["packages/n/n-1-py3-none-any.whl", "simple/n/"] {
            #expect(await engine.send(.get, "/pypi/p/u/" + path).status == 404)
        }
        _ = await engine.send(.get, EngineFixture.wheel("1", in: "u"))
        let first = try await refusals(engine).map(\.id)
        #expect(first.count == 1)
        for number in 3..<20 { #expect(await engine.send(.get, EngineFixture.wheel("\(number)", in: "u")).status == 403) }
        #expect(try await refusals(engine).map(\.id) == first)
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        #expect(try await engine.store.read { try $0.refusals(repository, package: "n") } == [])
    }

    @Test func `a store that takes nothing leaves the refusal, without a link`() async throws {
        let engine = try await made()
        let id = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        // The policy is gone from the database, and the server has not heard of it yet.
        try await engine.store.write { try $0.deletePolicy(id) }
        #expect(await reason(engine, EngineFixture.wheel("1", in: "u")) == "Blocked by Save: x is not allowed, policy no-x")
    }

    @Test func `what is known of a refusal tells the verdict now, the waivers, and only readers`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { policy in
            (policy.match.packages, policy.match.youngerThan, policy.description) = (["x"], "7d", "use y")
        }
        _ = await engine.send(.get, EngineFixture.wheel("1", in: "g"))
        _ = try await engine.get("/pypi/p/g/simple/x/")
        let record = try #require(try await refusals(engine).first)
        let administration = engine.services.administration
        #expect(try await administration.refusal(record.id, ifReadable: { _ in false }) == nil)
        #expect(try await administration.refusal(record.id + 1000, ifReadable: { _ in true }) == nil)
        var report = try #require(try await administration.refusal(record.id, ifReadable: { $0.record.name == "u" }))
        #expect(report.package == "x" && report.version == "1" && report.file == nil && report.policy.description == "use y")
        #expect(report.now.verdict == .deny && report.now.policy == "no-x" && report.now.allowedAfter != nil)
        #expect(report.packageURL?.description == "pkg:pypi/x@1" && report.waivers == [])
        let waiver = try await engine.add(waiverOf: policy, "pkg:pypi/x@1", lasting: 60)
        report = try #require(try await administration.refusal(record.id, ifReadable: { _ in true }))
        #expect(report.now.verdict == .allow && report.now.waiver == waiver && report.waivers.map(\.id) == [waiver])
        engine.clock.advance(seconds: 60)
        report = try #require(try await administration.refusal(record.id, ifReadable: { _ in true }))
        #expect(report.now.verdict == .deny && report.waivers == [])
        try await engine.delete(policy: policy)
        #expect(try await administration.refusal(record.id, ifReadable: { _ in true }) == nil)
    }

    @Test func `a link stays whole where the line is cut, and a cut link is left out`() {
        let link = "; https://save.example.com/ui/why/17"
        let long = String(repeating: "long ", count: 60)
        #expect(RefusalLine.short(long + link).hasSuffix("..." + link))
        #expect(RefusalLine.short(long + link).utf8.count == RefusalLine.maxBytes)
        #expect(RefusalLine.short("short" + link) == "short" + link)
        let endless = "; https://save.example.com/" + String(repeating: "p", count: 200)
        #expect(RefusalLine.short("short" + endless) == "short...")
    }
}
