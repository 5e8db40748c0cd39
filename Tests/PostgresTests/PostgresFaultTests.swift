import SaveAudit
import SavePlatform
import SavePostgres
import SaveSQLMetadata
import SaveStorage
import Testing

/// What several writers, an attacker, a mistyped setting and a database that refuses must not break.
@Suite(.serialized) struct PostgresFaultTests {
    private let server: PostgresServer
    private let database: String
    private let moment = Timestamp(seconds: 1_000)

    init() throws {
        server = try PostgresServer.shared.get()
        database = try server.makeDatabase()
    }

    private func repository(in store: SQLMetadataStore) async throws -> Int64 {
        let moment = moment
        return try await store.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", description: "", created: moment, updated: moment))
            return try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "hosted", format: "raw", kind: .hosted, created: moment,
                    updated: moment)
            ).id
        }
    }

    private static func publish(_ name: String, in repository: Int64, _ writing: any MetadataWriting) throws {
        let (moment, package) = (Timestamp(seconds: 1_000), PackageID(normalized: name))
        try writing.put(
            PackageRecord(repository: repository, id: package, displayName: name, created: moment, updated: moment))
        try writing.put(
            StoredAsset(
                repository: repository, record: AssetRecord(path: try AssetPath("\(name)/file"), package: package),
                blob: BlobDigest(of: Array(name.utf8)), size: 1, uploadedBy: "alice", created: moment))
    }

    @Test func `a change that is seen later has a larger number than all that were seen before`() async throws {
        let store = try await server.open(database)
        let repository = try await repository(in: store)
        let (begun, goOn) = (Gate(), Gate())
        let held = Task {
            try await store.write { writing in
                try Self.publish("slow", in: repository, writing)
                begun.open()
                goOn.wait()
            }
        }
        await begun.opened()
        try await store.write { try Self.publish("fast", in: repository, $0) }
        let seen = try await store.read { try $0.serial(ofRepository: repository) }
        goOn.open()
        try await held.value
        let late = try await store.read { try $0.package(repository, PackageID(normalized: "slow"))?.serial ?? 0 }
        #expect(late > seen)
        #expect(try await store.read { try $0.serial(ofRepository: repository) } == late)
        await store.close()
    }

    @Test func `a deleted package leaves the repository a larger number`() async throws {
        let store = try await server.open(database)
        let repository = try await repository(in: store)
        try await store.write { try Self.publish("gone", in: repository, $0) }
        let before = try await store.read { try $0.serial(ofRepository: repository) }
        try await store.write { writing in
            _ = try writing.deleteAsset(repository, try AssetPath("gone/file"))
            try writing.deletePackage(repository, PackageID(normalized: "gone"))
        }
        #expect(try await store.read { try $0.serial(ofRepository: repository) } > before)
        await store.close()
    }

    @Test func `a name that no database text can hold does not keep its record out of the trail`() async throws {
        let store = try await server.open(database)
        try await store.write { [moment] in try $0.record(AuditEvent("auth.fail", "user", "a\0b"), .system, at: moment) }
        #expect(try await store.read { try $0.lastAudit()?.resource } == "a\u{FFFD}b")
        #expect(try await AuditVerifier(store: store, seal: AuditSeal(serverKey: [1])).run().checked == 1)
        await store.close()
    }

    @Test func `a trail of which all is cut off goes on where it was cut`() async throws {
        let store = try await server.open(database)
        for _ in 0..<3 { try await store.write { [moment] in try $0.record(AuditEvent("a", "t", "r"), .system, at: moment) } }
        let last = try #require(try await store.read { try $0.lastAudit() })
        // The record that tells of the cut has no place yet.
        try await store.write { try $0.cutAudit(AuditTruncation(sequence: last.sequence, hash: last.hash)) }
        #expect(try await store.write { try $0.removeCutAudit(limit: 100) } == 0)
        try server.run("DELETE FROM audit", in: database)
        try await store.write { [moment] in try $0.record(AuditEvent("audit.cut", "t", "r"), .system, at: moment) }
        let next = try #require(try await store.read { try $0.lastAudit() })
        #expect(next.sequence == last.sequence + 1 && next.previousHash == last.hash)
        await store.close()
    }

    @Test func `records that get no place in the trail are told of until they do`() async throws {
        let store = try await server.open(database)
        try server.run("ALTER TABLE audit RENAME TO away", in: database)
        try await store.write { [moment] in try $0.record(AuditEvent("a", "t", "r"), .system, at: moment) }
        #expect { try store.checkSealing(patience: 0) } throws: { "\($0)".contains("audit") }
        #expect(throws: Never.self) { try store.checkSealing() }
        try server.run("ALTER TABLE away RENAME TO audit", in: database)
        while try await store.read({ try $0.lastAudit() }) == nil { await Task.yield() }
        while (try? store.checkSealing(patience: 0)) == nil { await Task.yield() }
        await store.close()
    }

    @Test func `records stay those of the first key that they are bound to`() async throws {
        let store = try await server.open(database)
        #expect(try await store.bind(to: nil) == nil)
        #expect(try await store.bind(to: "first") == "first")
        #expect(try await store.bind(to: "second") == "first")
        #expect(try await store.bind(to: nil) == "first")
        await store.close()
    }

    @Test func `settings of a database that the server relies on are its own`() async throws {
        try server.run("ALTER DATABASE \(database) SET bytea_output = escape", in: database)
        try server.run("ALTER DATABASE \(database) SET default_transaction_isolation = serializable", in: database)
        let store = try await server.open(database)
        let repository = try await repository(in: store)
        try await store.write { try Self.publish("p", in: repository, $0) }
        #expect(try await store.read { try $0.counts().files } == 1)
        await store.close()
    }

    @Test(arguments: [
        "save:hunter2/x@db/save", "save:1/hunter2@db/save", "save:a@hunter2@db/save", "save:hunter2:1/x@db/save",
        "save:1,hunter2/x@db/save",
    ]) func `a password that is not encoded is taken for no other part`(_ rest: String) {
        #expect { _ = try PostgresAddress("postgresql://" + rest) } throws: {
            "\($0)".contains("percent-encode") && !"\($0)".contains("hunter2")
        }
    }

    @Test(arguments: [
        "save:a%2Fb%40c@db/save", "save@db1:5432,db2:5433/save?sslmode=require", "save@/save?host=%2Frun%2Fpg",
        "save@[::1]:5432/save",
    ]) func `a URL of libpq is taken`(_ rest: String) throws {
        _ = try PostgresAddress("postgresql://" + rest)
    }

    @Test func `a connection that the database refuses says why`() async throws {
        let role = "guest_\(database)"
        try server.run("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 0", in: database)
        let good = try server.url(database)
        for (user, name, code, reason) in [
            ("save", "absent", SaveError.Code.storageUnavailable, "does not exist: create it"),
            ("nobody_\(database)", database, .storageUnavailable, "refuses the server's name or password"),
            (role, database, .busy, "takes no more connections"),
        ] {
            let url = good.replacing("//save:", with: "//\(user):").replacing("/\(database)?", with: "/\(name)?")
            await #expect { _ = try await PostgresStore.open(try PostgresAddress(url), patience: .zero) } throws: { error in
                (error as? SaveError)?.code == code && "\(error)".contains(reason) && !"\(error)".contains("hunter2")
            }
        }
    }
}
