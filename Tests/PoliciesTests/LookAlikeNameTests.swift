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

/// Packages of upstreams with nearly the names of hosted ones.
@Suite struct LookAlikeNameTests {
    /// The proxy `u` beside the hosted `h`, with a policy against such names.
    private func made(hosting names: [String]) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        for name in names { #expect(await engine.put("/line/p/h/files/\(name)/1", "mine").status == 201) }
        _ = try await engine.add(policy: "names") { $0.match.upstreamAnomaly = ["lookalike_name"] }
        return engine
    }

    /// The status of a file of an upstream's package of this name.
    private func status(_ engine: EngineFixture, of name: String, in repository: String = "u") async -> Int {
        engine.upstream.answer(
            EngineFixture.base + "index/" + name, text: "files/\(name)/1 4 \(BlobDigest(of: Array("evil".utf8)))\n")
        engine.upstream.answer(EngineFixture.base + "files/\(name)/1", text: "evil")
        return await engine.send(.get, "/line/p/\(repository)/files/\(name)/1").status
    }

    private func records(_ engine: EngineFixture) async throws -> [AuditRecord] {
        try await engine.store.read { reading in
            var query = AuditQuery()
            query.action = "upstream.anomaly"
            return try reading.audit(query).records
        }
    }

    @Test func `one letter more, less, another or two that changed places are a reason, and no more than that`() async throws {
        let engine = try await made(hosting: ["billing", "acme-core", "zzzz"])
        let alike = [
            "billin", "illing", "biling", "billings", "abilling", "bill-ing", "billung", "killing", "billinx", "iblling",
            "billign",
            "acme-cor3", "acmecore", "zzz", "zzzzz",
        ]
        let others = ["billing2x", "bi11ing", "bgllini", "core", "acme-corexy", "zz", "lbilling-x", "request"]
        for name in alike where name.utf8.count >= 4 { #expect(await status(engine, of: name) == 403, "\(name)") }
        // Of the name itself, groups and reserved names take care.
        for name in others + ["zzz", "billing"] { #expect(await status(engine, of: name) == 200, "\(name)") }
        let refused = await engine.send(.get, "/line/p/u/files/billings/1")
        // Readers of the proxy may not know what is hosted.
        #expect(
            refused.headers["x-save-reason"]
                == "Blocked by Save: billings has nearly the name of a package that is hosted here, policy names")
        await engine.services.aggregator.write(all: true)
        let record = try await records(engine).first { $0.resource == "p/u/billings" }
        #expect(record?.details["kind"] == "lookalike_name" && record?.details["hosted"] == "billing")
        #expect(engine.services.upstreams.anomalies[.lookAlikeName] == alike.count - 1)
    }

    @Test func `every name at distance one is found, and none at another, among many hosted names`() async throws {
        var random = SystemRandomNumberGenerator()
        let letters = Array("ab-z".utf8)
        func name() -> [UInt8] {
            (0..<Int.random(in: 4...6, using: &random)).map { _ in letters.randomElement(using: &random) ?? 97 }
        }
        let engine = try await EngineFixture()
        let id = try await engine.add("h", .hosted)
        let hosted = Set((0..<60).map { _ in name() })
        let now = engine.clock.platform.now()
        try await engine.store.write { writing in
            for bytes in hosted {
                let package = PackageID(normalized: String(decoding: bytes, as: UTF8.self))
                try writing.put(
                    PackageRecord(repository: id, id: package, displayName: package.name, created: now, updated: now))
            }
        }
        for _ in 0..<300 {
            let wanted = name()
            let expected = !hosted.contains(wanted) && hosted.contains { Self.distance($0, wanted) == 1 }
            let package = PackageID(normalized: String(decoding: wanted, as: UTF8.self))
            let found = try await engine.store.read { try LookAlikeNames.first(like: package, hostedIn: [id], $0) }
            #expect((found != nil) == expected, "\(package) among \(hosted.map { String(decoding: $0, as: UTF8.self) })")
        }
    }

    @Test func `names count that are hosted in the project, or beside the proxy in a group of the project, and no others`()
        async throws
    {
        let engine = try await made(hosting: ["billing"])
        let now = engine.clock.platform.now()
        let far = try await engine.store.write { try $0.put(ProjectRecord(name: "q", created: now, updated: now)).id }
        let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        let hosted = try await engine.add("far", .hosted)
        try await engine.change(hosted) { ($0.projectID, $0.project) = (far, "q") }
        #expect(await engine.put("/line/q/far/files/payments/1", "mine").status == 201)
        #expect(await status(engine, of: "payment") == 200)
        let both = try await engine.add("both", .group) { $0.group.members = [hosted, proxy] }
        #expect(await status(engine, of: "payment-s") == 403)
        // What was looked at before is not looked at again.
        #expect(await status(engine, of: "payment") == 200)
        // The owners of another project put names beside the proxy in a group of theirs.
        try await engine.change(both) { ($0.projectID, $0.project) = (far, "q") }
        #expect(await status(engine, of: "payment5") == 200)
    }

    /// The restricted distance of Damerau and Levenshtein, by its definition.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
        for row in 0...left.count { table[row][0] = row }
        for column in 0...right.count { table[0][column] = column }
        for row in 1...left.count {
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var best = min(table[row - 1][column] + 1, table[row][column - 1] + 1, table[row - 1][column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, table[row - 2][column - 2] + 1)
                }
                table[row][column] = best
            }
        }
        return table[left.count][right.count]
    }
}
