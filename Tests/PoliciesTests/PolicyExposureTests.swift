import EngineTestKit
import FormatPyPI
import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Versions that clients have and that are refused now.
@Suite struct PolicyExposureTests {
    private func made() async throws -> EngineFixture {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy) { ($0.proxy.cacheTTL, $0.auditDownloads) = (60, true) }
        engine.announce([("1", "one"), ("2", "two")])
        return engine
    }

    private func record(_ policy: Int64, _ engine: EngineFixture) async throws -> PolicyRecord {
        try #require(try await engine.store.read { try $0.policies() }.first { $0.id == policy })
    }

    /// Makes a policy, as the API does, and waits for what it finds.
    private func make(_ name: String, _ engine: EngineFixture, _ change: @Sendable (inout PolicyRecord) -> Void) async throws
        -> Int64
    {
        let id = try await engine.add(policy: name, change)
        engine.services.administration.policyChanged(try await record(id, engine))
        await engine.services.exposures.reportWaiting()
        return id
    }

    private func exposures(_ engine: EngineFixture) async throws -> [AuditRecord] {
        try await engine.store.read { reading in
            var query = AuditQuery()
            query.action = "policy.exposure"
            return try reading.audit(query).records
        }
    }

    @Test func `a file that clients downloaded and a new policy refuses is told of once, with how often and by how many`()
        async throws
    {
        let engine = try await made()
        for user in ["dev", "dev", "viewer"] { #expect(await engine.send(.get, "/line/p/u/files/x/1", as: user).status == 200) }
        await engine.services.aggregator.write(all: true)
        let id = try await make("no-x", engine) { $0.match.packages = ["x"] }
        let found = try await exposures(engine)
        let details = try #require(found.first?.details)
        #expect(found.count == 1 && found.first?.resource == "p/u/x" && found.first?.actorKind == "system")
        #expect(details["policy"] == "no-x" && details["policy_id"] == .integer(id) && details["rule"] == "policy")
        #expect(details["downloads"] == 3 && details["callers"] == 2 && details["files"] == ["files/x/1"])
        #expect(details["reason"] == "x is not allowed, policy no-x")
        #expect(engine.services.upstreams.exposures.total == 1)
        // The same again is nothing new, also after the policy was changed; another policy is.
        for _ in 0..<2 {
            try await engine.change(policy: id) { $0.description = "more" }
            engine.services.administration.policyChanged(try await record(id, engine))
            await engine.services.exposures.reportWaiting()
        }
        #expect(try await exposures(engine).count == 1)
        _ = try await make("first", engine) { $0.priority = 1 }
        #expect(try await exposures(engine).compactMap { $0.details["policy"]?.string } == ["first", "no-x"])
    }

    @Test func `what was told of a package is read once, however many of its versions are refused`() async throws {
        let store = AuditCountingStore()
        let engine = try await EngineFixture(store: store, further: [PyPIFormat.self])
        try await engine.add("py", .proxy) { $0.format = "pypi" }
        let names = ["1.0", "2.0"].map { "x-\($0)-py3-none-any.whl" }
        let entries = names.map { name in
            engine.upstream.answer(EngineFixture.base + "files/" + name, text: name)
            return
                #"{"filename":"\#(name)","url":"../files/\#(name)","hashes":{"sha256":"\#(BlobDigest(of: Array(name.utf8)).hex)"}}"#
        }
        let page = #"{"meta":{"api-version":"1.0"},"name":"x","files":["# + entries.joined(separator: ",") + "]}"
        engine.upstream.answer(
            EngineFixture.base + "x/",
            .init(headers: ["Content-Type": "application/vnd.pypi.simple.v1+json"], chunks: [Array(page.utf8)]))
        for name in names { #expect(await engine.send(.get, "/pypi/p/py/packages/x/\(name)").status == 200) }
        let id = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        for _ in 0..<2 {
            engine.services.administration.policyChanged(try await record(id, engine))
            await engine.services.exposures.reportWaiting()
        }
        #expect(store.exposuresRead == 2)
        #expect(try await exposures(engine).compactMap { $0.details["version"]?.string }.sorted() == ["1.0", "2.0"])
    }

    @Test func `what nobody has, what is only tried out and what is allowed is not told of`() async throws {
        let engine = try await made()
        try await engine.add("h", .hosted)
        #expect(await engine.put("/line/p/h/files/x/9", "mine").status == 201)
        _ = try await make("none", engine) { ($0.match.packages, $0.includesHosted) = (["x"], true) }
        #expect(try await exposures(engine) == [])
        let other = try await made()
        #expect(await other.send(.get, "/line/p/u/files/x/1").status == 200)
        _ = try await make("dry", other) { $0.isDryRun = true }
        _ = try await make("warn", other) { $0.action = .warn }
        #expect(try await exposures(other) == [])
    }

    @Test func `a file that was fetched before downloads were recorded is told of without a number`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
        _ = try await make("no-x", engine) { $0.match.packages = ["x"] }
        let details = try #require(try await exposures(engine).first?.details)
        #expect(details["downloads"] == .null && details["files"] == ["files/x/1"])
    }

    @Test func `a package that its upstream puts into quarantine is told of, without any policy`() async throws {
        let engine = try await made()
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
        engine.upstream.answer(EngineFixture.base + "index/x", text: "sealed\n")
        engine.clock.advance(seconds: 61)
        _ = try await engine.get("/line/p/u/index/x")
        await engine.services.exposures.reportWaiting()
        let details = try #require(try await exposures(engine).first?.details)
        #expect(details["rule"] == "quarantined" && details["policy"] == .null && details["files"] == ["files/x/1"])
    }

    @Test func `what is waiting is gone through while the server runs, and its end ends that`() async throws {
        let engine = try await made()
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
        let run = Task { await engine.services.exposures.run() }
        let id = try await engine.add(policy: "no-x") { $0.match.packages = ["x"] }
        engine.services.administration.policyChanged(try await record(id, engine))
        while engine.services.upstreams.exposures.total == 0 { await Task.yield() }
        run.cancel()
        await run.value
    }
}

/// A store in memory that counts how often records of exposures are read.
private final class AuditCountingStore: MetadataStore {
    private let base = InMemoryMetadataStore()
    private let reads = Mutex(0)
    var exposuresRead: Int { reads.withLock { $0 } }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.write { try body(Transaction(base: $0, store: self)) }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await base.write(body)
    }

    private struct Transaction: MetadataForwarding {
        let base: any MetadataWriting
        let store: AuditCountingStore

        func audit(_ query: AuditQuery) throws -> AuditPage {
            if query.action == "policy.exposure" { store.reads.withLock { $0 += 1 } }
            return try base.audit(query)
        }
    }
}
