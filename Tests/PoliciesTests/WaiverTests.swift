import EngineTestKit
import FormatPyPI
import SaveAccess
import SaveAdvisories
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Exceptions from policies: exactly the policy, the versions and the project that they name, and until they end.
@Suite struct WaiverTests {
    private func made() async throws -> EngineFixture { try await .withWheels() }

    private func status(_ engine: EngineFixture, _ version: String) async -> Int {
        var found: Set<Int> = []
        for name in ["u", "g"] {
            for method in [HTTPMethod.get, .head] {
                found.insert(await engine.send(method, EngineFixture.wheel(version, in: name)).status)
            }
        }
        #expect(found.count == 1)
        return found.first ?? 0
    }

    @Test func `a granted waiver lets its versions pass at once, a request does not, and the refusal returns by itself`()
        async throws
    {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { $0.match.packages = ["X"] }
        #expect(await status(engine, "1") == 403)
        let id = try await engine.add(waiverOf: policy, "pkg:pypi/x@1", state: .requested, lasting: 3600)
        #expect(await status(engine, "1") == 403)
        try await engine.change(waiver: id) { $0.state = .granted }
        #expect(await status(engine, "1") == 200)
        // Another version of the package is refused as before.
        #expect(await status(engine, "2") == 403)
        let denied = engine.services.sources.policyCounts["deny"]
        #expect(await status(engine, "1") == 200)
        #expect(engine.services.sources.policyCounts["deny"] == denied)
        engine.clock.advance(seconds: 3599)
        #expect(await status(engine, "1") == 200)
        engine.clock.advance(seconds: 1)
        #expect(await status(engine, "1") == 403)
    }

    @Test func `a page shows what a waiver lets pass, and is made again when it ends or is deleted`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { ($0.match.packages, $0.presentation) = (["x"], .omit) }
        func listed() async throws -> [Bool] {
            let text = try await engine.send(.get, "/pypi/p/g/simple/x/", headers: ["Accept": "text/html"]).text()
            return ["1", "2"].map { text.contains("x-\($0)-py3") }
        }
        #expect(try await listed() == [false, false])
        _ = try await engine.add(waiverOf: policy, "pkg:pypi/x@1", lasting: 60)
        let all = try await engine.add(waiverOf: policy, "pkg:pypi/x@*", lasting: 30)
        #expect(try await listed() == [true, true])
        engine.clock.advance(seconds: 30)
        #expect(try await listed() == [true, false])
        engine.clock.advance(seconds: 30)
        #expect(try await listed() == [false, false])
        try await engine.change(waiver: all) { $0.until = $0.until.adding(seconds: 600) }
        #expect(try await listed() == [true, true])
        try await engine.store.write { try $0.deleteWaiver(all) }
        try await engine.catalogue.reload()
        #expect(try await listed() == [false, false])
    }

    @Test func `only its policy is passed over, and the others decide as before`() async throws {
        let engine = try await made()
        let first = try await engine.add(policy: "first") { ($0.priority, $0.match.packages) = (1, ["x"]) }
        let second = try await engine.add(policy: "second") { ($0.priority, $0.match.packages) = (2, ["x"]) }
        _ = try await engine.add(waiverOf: first, "pkg:pypi/X@1", lasting: 60)
        let refused = await engine.send(.get, EngineFixture.wheel("1", in: "u"))
        #expect(refused.headers["x-save-reason"] == "Blocked by Save: x 1 is not allowed, policy second")
        _ = try await engine.add(waiverOf: second, "pkg:pypi/x@1", lasting: 60)
        #expect(await status(engine, "1") == 200)
    }

    @Test func `it counts in its project alone, and for its package and no other`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { $0.match.packages = ["*"] }
        let now = engine.clock.platform.now()
        let other = try await engine.store.write { try $0.put(ProjectRecord(name: "q", created: now, updated: now)).id }
        let id = try await engine.add(waiverOf: policy, "pkg:pypi/x@*", lasting: 60) { $0.project = other }
        #expect(await status(engine, "1") == 403)
        let project = try await engine.store.read { try $0.projects().first { $0.name == "p" }?.id ?? 0 }
        for (package, expected) in [
            ("pkg:pypi/y@*", 403), ("pkg:other/x@*", 403), ("pkg:pypi/x@>=1.5,<3", 403), ("pkg:pypi/x@1.0", 200),
            ("pkg:pypi/x@<1.5", 200), ("pkg:pypi/x@1", 200),
        ] {
            try await engine.change(waiver: id) { ($0.project, $0.package) = (project, package) }
            #expect(await status(engine, "1") == expected, "\(package)")
        }
    }

    @Test func `explain and evaluate tell the waiver that let a file pass`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        let id = try await engine.add(waiverOf: policy, "pkg:pypi/x@1", lasting: 60)
        _ = try await engine.get("/pypi/p/u/simple/x/")
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let files = try await engine.services.administration.explain("x", in: repository, refresh: false).json.object?["files"]?
            .array?.compactMap(\.object)
        let file = try #require(files?.first { $0["version"] == "1" })
        #expect(file["state"] == "offered" && file["rule"] == "policy_waiver" && file["waiver"] == .integer(id))
        #expect(file["reason"]?.string?.contains("policy no-x is waived until 20") == true)
        #expect(files?.first { $0["version"] == "2" }?["waiver"] == .null)
        let answers = try await engine.services.administration.evaluate(
            [try PackageURL("pkg:pypi/x@1"), try PackageURL("pkg:pypi/x@2")], in: repository
        ).compactMap(\.object)
        #expect(answers.map { $0["verdict"] } == ["allow", "deny"])
        #expect(answers.map { $0["waiver"] } == [.integer(id), .null])
    }

    @Test func `a waiver that has ended is no longer among those of its repository when something changes`() async throws {
        let engine = try await made()
        let policy = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        let short = try await engine.add(waiverOf: policy, "pkg:pypi/x@1", lasting: 30)
        let long = try await engine.add(waiverOf: policy, "pkg:pypi/x@2", lasting: 60)
        func counted() -> [Int64]? {
            engine.catalogue.current.repository(project: "p", name: "u")?.policies.first?.waivers.map(\.id)
        }
        #expect(counted() == [short, long])
        engine.clock.advance(seconds: 30)
        try await engine.catalogue.reload()
        #expect(counted() == [long])
        // All are known on, and one that is given another end counts again.
        #expect(engine.catalogue.current.waivers.map(\.id) == [short, long])
        try await engine.change(waiver: short) { $0.until = $0.until.adding(seconds: 600) }
        #expect(counted() == [short, long])
        #expect(await status(engine, "1") == 200)
    }

    // MARK: Advisories

    private func judge(_ match: PolicyMatch, waived: [[String]]) -> PolicyJudge {
        let now = Timestamp(seconds: 0)
        let record = PolicyRecord(id: 7, name: "holes", action: .deny, match: match, created: now, updated: now)
        let package = PackageID(normalized: "x")
        let waivers = waived.enumerated().map { index, names in
            RepositoryWaiver(
                id: Int64(index + 1), package: package, versions: .all, advisories: names,
                until: Timestamp(seconds: Int64(100 - index)))
        }
        return PolicyJudge(
            policies: [RepositoryPolicy(record, packages: nil, waivers: waivers)], seen: [:], ranges: [:], advisories: nil,
            affecting: { _ in
                AdvisorySet([
                    Advisory(id: "GHSA-a", aliases: ["CVE-1"], severity: .high), Advisory(id: "GHSA-b", severity: .low),
                ])
            }, keys: [:], waivers: [7: waivers.map { CountingWaiver($0, versions: nil) }], now: now)
    }

    @Test func `a waiver of advisories takes these out of what its policy looks at, by any of their names`() throws {
        let file = AssetRecord(path: try AssetPath("x/1"), package: PackageID(normalized: "x"), version: "1")
        var any = PolicyMatch()
        any.minSeverity = "low"
        for (waived, reason, end) in [
            ([], "x 1 has a high advisory (GHSA-a), policy holes", nil),
            ([["CVE-1"]], "x 1 has a low advisory (GHSA-b), policy holes", 100),
            ([["GHSA-b"]], "x 1 has a high advisory (GHSA-a), policy holes", 100),
            ([["GHSA-c"]], "x 1 has a high advisory (GHSA-a), policy holes", 100),
            ([["cve-1", "GHSA-b"]], nil, 100), ([["GHSA-a"], ["GHSA-b"]], nil, 99), ([["GHSA-a"], []], nil, 99),
        ] as [([[String]], String?, Int64?)] {
            let verdict = judge(any, waived: waived).verdict(on: file)
            #expect(verdict.withholding?.finding == reason, "\(waived)")
            #expect(verdict.until?.seconds == end, "\(waived)")
            #expect(verdict.waivers.isEmpty == (reason != nil), "\(waived)")
        }
        // What is about high ones does not look at the low one that is left.
        var high = PolicyMatch()
        high.minSeverity = "high"
        #expect(judge(high, waived: [["CVE-1"]]).verdict(on: file).withholding == nil)
    }
}

extension EngineFixture {
    /// The PyPI proxy `u`, and the group `g` over it, with wheels of the versions 1 and 2 of `x` upstream.
    static func withWheels(publicURL: String? = nil, numbersRefusals: Bool = false) async throws -> EngineFixture {
        let engine = try await EngineFixture(
            further: [PyPIFormat.self], publicURL: publicURL, numbersRefusals: numbersRefusals)
        let proxy = try await engine.add("u", .proxy) { ($0.format, $0.proxy.cacheTTL) = ("pypi", 86_400) }
        try await engine.add("g", .group) { ($0.format, $0.group.members) = ("pypi", [proxy]) }
        var page = "<!DOCTYPE html><html><body>"
        for version in ["1", "2"] {
            let name = "x-\(version)-py3-none-any.whl"
            engine.upstream.answer(base + "f/" + name, text: name)
            page += "<a href=\"../f/\(name)#sha256=\(BlobDigest(of: Array(name.utf8)).hex)\">\(name)</a>"
        }
        engine.upstream.answer(
            base + "x/", .init(headers: ["Content-Type": "text/html"], chunks: [Array("\(page)</body></html>".utf8)]))
        return engine
    }

    /// The path of a wheel of `x`.
    static func wheel(_ version: String, in name: String) -> String { "/pypi/p/\(name)/packages/x/x-\(version)-py3-none-any.whl" }

    /// Adds a waiver in `p`, and returns its number.
    func add(
        waiverOf policy: Int64, _ package: String, state: WaiverRecord.State = .granted, lasting seconds: Int64,
        _ change: @escaping @Sendable (inout WaiverRecord) -> Void = { _ in }
    ) async throws -> Int64 {
        let now = clock.platform.now()
        let id = try await store.write { writing in
            var record = WaiverRecord(
                project: try writing.projects().first { $0.name == "p" }?.id ?? 0, policy: policy, package: package,
                reason: "needed", until: now.adding(seconds: seconds), state: state, requestedBy: "dev", created: now,
                updated: now)
            change(&record)
            return try writing.put(record).id
        }
        try await catalogue.reload()
        return id
    }

    func change(waiver id: Int64, _ change: @escaping @Sendable (inout WaiverRecord) -> Void) async throws {
        try await store.write { writing in
            guard var record = try writing.waivers().first(where: { $0.id == id }) else { return }
            change(&record)
            record.updated = Timestamp(microseconds: record.updated.microseconds + 1)
            _ = try writing.put(record)
        }
        try await catalogue.reload()
    }
}
