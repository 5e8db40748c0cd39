import EngineTestKit
import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// Policies as administrators make them, kept to behind every door.
@Suite struct AdministratorPolicyTests {
    /// Hosted `h`, the proxy `u`, and `g` over the proxy, with the package `x` upstream.
    private func made(store: any MetadataStore = InMemoryMetadataStore()) async throws -> EngineFixture {
        let engine = try await EngineFixture(store: store)
        try await engine.add("h", .hosted)
        let proxy = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        try await engine.add("g", .group) { $0.group.members = [proxy] }
        engine.announce([("1", "one"), ("2", "two")])
        return engine
    }

    private static func reason(_ answer: HTTPResponse) -> String? { answer.headers["x-save-reason"] }

    private func expectRefused(_ engine: EngineFixture, _ path: String, _ reason: String) async {
        for (method, headers) in [(.get, [:]), (.head, [:]), (.get, ["Range": "bytes=0-1"])] as [(HTTPMethod, HTTPHeaders)] {
            let refused = await engine.send(method, path, headers: headers)
            #expect(refused.status == 403 && Self.reason(refused) == reason, "\(method) \(path): \(Self.reason(refused) ?? "")")
        }
    }

    private func explained(_ engine: EngineFixture, _ name: String, _ filename: String) async throws -> JSONObject {
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: name))
        let files = try await engine.services.administration.explain("x", in: repository, refresh: false).json.object?["files"]?
            .array
        return try #require(files?.compactMap(\.object).first { $0["filename"]?.string == filename })
    }

    @Test func `a package on a block list is refused with the policy's name, also where it was here before`() async throws {
        let engine = try await made()
        for name in ["u", "g"] { #expect(try await engine.get("/line/p/\(name)/files/x/1") == (200, "one")) }
        let id = try await engine.add(policy: "no-x") { policy in
            policy.description = "use y instead\nTicket 17"
            policy.match.packages = ["X"]
        }
        let reason = "Blocked by Save: x is not allowed, policy no-x; use y instead"
        for name in ["u", "g"] {
            for file in ["1", "2"] { await expectRefused(engine, "/line/p/\(name)/files/x/\(file)", reason) }
            // A page is never refused, and by default goes on to list the file.
            #expect(try await engine.get("/line/p/\(name)/index/x").text.contains("files/x/2 "))
        }
        let file = try await explained(engine, "u", "1")
        #expect(file["state"] == "blocked" && file["rule"] == "policy" && file["reason"]?.string?.contains("policy no-x") == true)
        #expect(engine.services.sources.policyCounts["deny"] >= 12)
        await engine.services.aggregator.write(all: true)
        let records = try await engine.store.read { try $0.audit(after: 0, limit: 1000) }.filter { $0.outcome == .denied }
        #expect(Set(records.map(\.resource)).isSuperset(of: ["p/u/files/x/1", "p/g/files/x/2"]))
        #expect(records.allSatisfy { $0.details["policy"] == "no-x" && $0.details["policy_id"] == .integer(id) })
        try await engine.change(policy: id) { $0.presentation = .omit }
        #expect(try await engine.get("/line/p/u/index/x").text.contains("files/x/") == false)
        try await engine.change(policy: id) { $0.isEnabled = false }
        #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one"))
        #expect(try await engine.get("/line/p/u/index/x").text.contains("files/x/2 "))
    }

    @Test func `names match in any spelling, by their beginnings, and in one format alone`() async throws {
        let engine = try await made()
        for (pattern, isBlocked) in [
            ("*", true), ("X", true), ("pkg:line/x", true), ("pkg:other/x", false), ("y*", false), ("xx", false),
        ] {
            let id = try await engine.add(policy: "p") { $0.match.packages = [pattern] }
            #expect(await engine.send(.get, "/line/p/u/files/x/1").status == (isBlocked ? 403 : 200), "\(pattern)")
            try await engine.delete(policy: id)
        }
        engine.upstream.answer(
            EngineFixture.base + "index/a-b", text: "files/a-b/1 3 \(BlobDigest(of: Array("one".utf8)))\n")
        _ = try await engine.add(policy: "q") { $0.match.packages = ["A_*"] }
        #expect(await engine.send(.get, "/line/p/u/files/a-b/1").status == 403)
    }

    @Test func `the policy with the lowest number decides, and what is tried out decides nothing`() async throws {
        let engine = try await made()
        let path = "/line/p/u/files/x/1"
        let deny = try await engine.add(policy: "deny") { $0.priority = 50 }
        #expect(await engine.send(.get, path).status == 403)
        let allow = try await engine.add(policy: "allow") { policy in
            (policy.priority, policy.action, policy.match.packages) = (49, .allow, ["x"])
        }
        #expect(await engine.send(.get, path).status == 200)
        try await engine.change(policy: allow) { $0.priority = 51 }
        #expect(await engine.send(.get, path).status == 403)
        try await engine.change(policy: allow) { ($0.priority, $0.action) = (49, .warn) }
        let warned = engine.services.sources.policyCounts["warn"]
        #expect(await engine.send(.get, path).status == 200)
        #expect(engine.services.sources.policyCounts["warn"] == warned + 1)
        #expect(try await explained(engine, "u", "1")["rule"] == "policy_warning")
        try await engine.change(policy: allow) { $0.isDryRun = true }
        #expect(await engine.send(.get, path).status == 403)
        try await engine.change(policy: deny) { $0.isDryRun = true }
        #expect(await engine.send(.get, path).status == 200)
        #expect(engine.services.sources.policyCounts["dry_run"] > 0)
        let file = try await explained(engine, "u", "1")
        #expect(file["state"] == "offered" && file["rule"] == "policy_dry_run")
        // Of one number the older one decides.
        try await engine.change(policy: deny) { ($0.isDryRun, $0.priority) = (false, 7) }
        try await engine.change(policy: allow) { ($0.isDryRun, $0.priority, $0.action) = (false, 7, .allow) }
        #expect(await engine.send(.get, path).status == 403)
    }

    @Test func `hosted files are exempt, unless the policy includes them, and other projects are not concerned`() async throws {
        let engine = try await made()
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        let id = try await engine.add(policy: "all") { _ in }
        #expect(try await engine.get("/line/p/h/files/x/1") == (200, "mine"))
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 403)
        try await engine.change(policy: id) { $0.includesHosted = true }
        #expect(await engine.send(.get, "/line/p/h/files/x/1").status == 403)
        // What is kept from clients may be published all the same.
        #expect(await engine.put("/line/p/h/files/x/3", "more").status == 201)
        let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record
        try await engine.change(policy: id) { $0.scope = .repository(proxy.id) }
        #expect(await engine.send(.get, "/line/p/h/files/x/1").status == 200)
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 403)
        try await engine.change(policy: id) { $0.scope = .project(proxy.projectID) }
        #expect(await engine.send(.get, "/line/p/h/files/x/1").status == 403)
        let now = engine.clock.platform.now()
        let other = try await engine.store.write { try $0.put(ProjectRecord(name: "q", created: now, updated: now)).id }
        try await engine.change(policy: id) { $0.scope = .project(other) }
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
    }

    // MARK: Without a time of the upstream

    @Test func `a file without a time is as old as this server has known it, also after a restart`() async throws {
        let store = InMemoryMetadataStore()
        let engine = try await made(store: store)
        _ = try await engine.add(policy: "cooldown-7d") { $0.match.youngerThan = "7d" }
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(
            Self.reason(await engine.send(.get, "/line/p/u/files/x/1"))
                == "Blocked by Save: x was first seen less than an hour ago, policy cooldown-7d; allowed after 2027-01-22")
        engine.clock.advance(seconds: 2 * 86_400)
        engine.announce([("1", "one"), ("2", "other bytes"), ("3", "three")])
        engine.upstream.answer(EngineFixture.base + "files/x/2", text: "other bytes")
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        let reason = "Blocked by Save: x was first seen 2 days ago, policy cooldown-7d; allowed after 2027-01-22"
        await expectRefused(engine, "/line/p/u/files/x/1", reason)
        engine.clock.advance(seconds: 5 * 86_400 - 1)
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 403)
        engine.clock.advance(seconds: 1)
        for _ in 0..<2 { #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one")) }
        // Other bytes under the name are another file, and what came later is younger.
        #expect(await engine.send(.get, "/line/p/u/files/x/2").status == 403)
        #expect(await engine.send(.get, "/line/p/u/files/x/3").status == 403)
        let seen = try await store.read { reading in
            let proxy = try reading.repositories().first { $0.kind == .proxy }
            return try reading.sighting(
                proxy?.id ?? 0, try AssetPath("files/x/1"), digest: BlobDigest(of: Array("one".utf8)).hex)
        }
        #expect(seen == Timestamp(seconds: 1_800_000_000))
        engine.clock.advance(seconds: 2 * 86_400)
        #expect(try await engine.get("/line/p/u/files/x/3") == (200, "three"))
    }

    @Test func `a file that was fetched before the policy came was seen when it was fetched`() async throws {
        let engine = try await made()
        #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one"))
        engine.clock.advance(seconds: 86_400)
        _ = try await engine.add(policy: "cooldown") { $0.match.youngerThan = "36h" }
        #expect(
            Self.reason(await engine.send(.get, "/line/p/u/files/x/1"))?.contains("was first seen 1 day ago") == true)
        engine.clock.advance(seconds: 43_200)
        #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one"))
        #expect(await engine.send(.get, "/line/p/u/files/x/2").status == 403)
    }

    @Test func `what has no time is too young for ever, or old enough, where the policy says so`() async throws {
        let engine = try await made()
        let id = try await engine.add(policy: "cooldown") { policy in
            (policy.match.youngerThan, policy.match.missingTime) = ("1s", .deny)
        }
        engine.clock.advance(seconds: 100_000)
        #expect(
            Self.reason(await engine.send(.get, "/line/p/u/files/x/1"))
                == "Blocked by Save: x has no time of publication, policy cooldown")
        try await engine.change(policy: id) { $0.match.missingTime = .allow }
        #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one"))
    }

    @Test func `what is in memory is made again after a change of policies, and is not judged again before`() async throws {
        let engine = try await made()
        let id = try await engine.add(policy: "none") { $0.match.packages = ["other"] }
        for _ in 0..<2 { #expect(try await engine.get("/line/p/u/index/x").status == 200) }
        let renderings = engine.serving.renderings
        // A change of something else leaves it.
        try await engine.add("later", .hosted)
        #expect(try await engine.get("/line/p/u/index/x").status == 200)
        #expect(engine.serving.renderings == renderings)
        try await engine.change(policy: id) { ($0.match.packages, $0.presentation) = (["x"], .omit) }
        #expect(try await engine.get("/line/p/u/index/x").text.contains("files/x/") == false)
    }

    @Test func `a policy that needs what a format does not have counts there for nothing`() async throws {
        let engine = try await made()
        _ = try await engine.add(policy: "range") { $0.match.versions = ">=1" }
        _ = try await engine.add(policy: "harm") { $0.match.malware = true }
        #expect(try await engine.get("/line/p/u/files/x/1") == (200, "one"))
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        #expect(repository.policies.isEmpty)
    }
}

extension EngineFixture {
    /// Makes a policy of the whole server that denies, as the REST API does.
    func add(policy name: String, _ change: @Sendable (inout PolicyRecord) -> Void) async throws -> Int64 {
        let now = clock.platform.now()
        var record = PolicyRecord(name: name, action: .deny, created: now, updated: now)
        change(&record)
        let draft = record
        let id = try await store.write { try $0.put(draft).id }
        try await policiesChanged()
        return id
    }

    func change(policy id: Int64, _ change: @escaping @Sendable (inout PolicyRecord) -> Void) async throws {
        try await store.write { writing in
            guard var record = try writing.policies().first(where: { $0.id == id }) else { return }
            change(&record)
            _ = try writing.put(record)
        }
        try await policiesChanged()
    }

    func delete(policy id: Int64) async throws {
        try await store.write { try $0.deletePolicy(id) }
        try await policiesChanged()
    }

    private func policiesChanged() async throws { try await catalogue.reload() }
}
