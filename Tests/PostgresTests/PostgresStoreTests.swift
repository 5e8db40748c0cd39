import SaveAudit
import SavePlatform
import SavePostgres
import SaveSQLMetadata
import SaveStorage
import Testing

/// Several writers, and a server that comes and goes.
@Suite(.serialized) struct PostgresStoreTests {
    private let server: PostgresServer
    private let database: String
    private let moment = Timestamp(seconds: 1_000)

    init() throws {
        server = try PostgresServer.shared.get()
        database = try server.makeDatabase()
    }

    private func project(_ name: String, _ description: String = "") -> ProjectRecord {
        ProjectRecord(name: name, description: description, created: moment, updated: moment)
    }

    private func repository(in store: SQLMetadataStore) async throws -> Int64 {
        let (moment, backend) = (moment, project("backend"))
        return try await store.write { writing in
            let project = try writing.put(backend)
            return try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "hosted", format: "raw", kind: .hosted, created: moment,
                    updated: moment)
            ).id
        }
    }

    private static func publish(_ name: String, _ content: String, in repository: Int64, _ writing: any MetadataWriting) throws {
        let (moment, package) = (Timestamp(seconds: 1_000), PackageID(normalized: name))
        let path = try AssetPath("\(name)/file")
        guard try writing.asset(repository, path) == nil else { throw SaveError(.conflict, "taken") }
        try writing.put(
            PackageRecord(repository: repository, id: package, displayName: name, created: moment, updated: moment))
        let record = AssetRecord(path: path, package: package)
        try writing.put(
            StoredAsset(
                repository: repository, record: record, blob: BlobDigest(of: Array(content.utf8)), size: 1, uploadedBy: "alice",
                created: moment))
        try writing.record(AuditEvent("file.upload", "file", path.text), .system, at: moment)
    }

    @Test func `of two servers that publish one name one wins, three hundred times`() async throws {
        let stores = [try await server.open(database), try await server.open(database)]
        let repository = try await repository(in: stores[0])
        for round in 0..<300 {
            let winners = await withTaskGroup(of: Int?.self) { group -> [Int] in
                for (number, store) in stores.enumerated() {
                    group.addTask {
                        do {
                            try await store.write { try Self.publish("p\(round)", "\(number)", in: repository, $0) }
                            return number
                        } catch { return (error as? SaveError)?.code == .conflict ? nil : -1 }
                    }
                }
                var winners: [Int] = []
                for await winner in group { winners += winner.map { [$0] } ?? [] }
                return winners
            }
            #expect(winners.count == 1 && winners.first != -1, "round \(round): \(winners)")
            let kept = try await stores[1].read { try $0.asset(repository, try AssetPath("p\(round)/file"))?.blob }
            #expect(kept == winners.first.map { BlobDigest(of: Array("\($0)".utf8)) })
        }
        #expect(try await AuditVerifier(store: stores[1], seal: AuditSeal(serverKey: [1])).run().checked == 300)
        #expect(try await stores[0].read { try $0.counts().files } == 300)
        for store in stores { await store.close() }
    }

    @Test func `a write that is held up holds up no write of another package`() async throws {
        let store = try await server.open(database)
        let repository = try await repository(in: store)
        let (begun, goOn) = (Gate(), Gate())
        let held = Task {
            try await store.write { writing in
                try Self.publish("slow", "x", in: repository, writing)
                begun.open()
                goOn.wait()
            }
        }
        await begun.opened()
        for number in 0..<20 {
            try await store.write { try Self.publish("fast\(number)", "x", in: repository, $0) }
        }
        let seen = try await store.read { try $0.packages(repository, after: nil, limit: 99, matching: nil).count }
        #expect(seen == 20)
        goOn.open()
        try await held.value
        #expect(try await store.read { try $0.counts().packages } == 21)
        await store.close()
    }

    @Test func `a write that another one overtook runs again from the start`() async throws {
        let store = try await server.open(database)
        let id = try await store.write { [backend = project("backend", "0")] in try $0.put(backend).id }
        let runs = Count()
        let (begun, goOn) = (Gate(), Gate())
        let first = Task {
            try await store.write { writing in
                guard var project = try writing.projects().first(where: { $0.id == id }) else { return }
                if runs.next() == 1 {
                    begun.open()
                    goOn.wait()
                }
                project.description += "a"
                _ = try writing.put(project)
            }
        }
        await begun.opened()
        try await store.write { writing in
            guard var project = try writing.projects().first else { return }
            project.description += "b"
            _ = try writing.put(project)
        }
        goOn.open()
        try await first.value
        #expect(try await store.read { try $0.projects().map(\.description) } == ["0ba"])
        #expect(runs.value == 2)
        await store.close()
    }

    @Test func `records that another process left get their place in the chain`() async throws {
        let store = try await server.open(database)
        let moment = moment
        try await store.write { try $0.record(AuditEvent("a", "t", "first"), .system, at: moment) }
        try server.run(
            """
            INSERT INTO audit_waiting (time, actor, actor_kind, action, resource_type, resource, outcome, source_ip, user_agent,
              request_id, details) VALUES (1, 'x', 'user', 'a', 't', 'left', 'ok', '', '', '', '{}')
            """, in: database)
        while try await store.read({ try $0.lastAudit()?.resource }) != "left" { await Task.yield() }
        try await store.write { try $0.record(AuditEvent("a", "t", "last"), .system, at: moment) }
        let resources = try await store.read { try $0.audit(after: 0, limit: 9).map(\.resource) }
        #expect(resources == ["first", "left", "last"])
        #expect(try await AuditVerifier(store: store, seal: AuditSeal(serverKey: [1])).run().brokenAt == nil)
        await store.close()
    }

    @Test func `audit records can be neither changed nor removed by anybody`() async throws {
        let store = try await server.open(database)
        try await store.write { [moment] in try $0.record(AuditEvent("a", "t", "r"), .system, at: moment) }
        for change in ["UPDATE audit SET actor = 'mallory'", "DELETE FROM audit", "TRUNCATE audit"] {
            #expect(throws: PostgresServer.Failure.self) { try server.run(change, in: database) }
        }
        await store.close()
    }

    @Test func `counts become one row and stay what they were`() async throws {
        let store = try await server.open(database)
        let repository = try await repository(in: store)
        for number in 0..<30 { try await store.write { try Self.publish("p\(number)", "x", in: repository, $0) } }
        let rows = try server.run("SELECT count(*) FROM content_counts", in: database)
        #expect((Int(rows.dropLast()) ?? 0) > 30)
        let counts = try await store.read { try $0.counts() }
        #expect(counts.packages == 30 && counts.files == 30 && counts.logicalBytes == 30)
        try await store.write { writing in try writing.deleteRepository(repository) }
        #expect(try await store.read { try $0.counts().files } == 0)
        await store.close()
    }

    @Test func `two servers that begin at once make one schema`() async throws {
        let (server, database) = (server, database)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let store = try await server.open(database)
                    try await store.ping()
                    await store.close()
                }
            }
            try await group.waitForAll()
        }
        let store = try await server.open(database)
        #expect(try await store.read { try $0.projects() } == [])
        await store.close()
    }

    @Test func `a database of a newer version is refused`() async throws {
        await (try await server.open(database)).close()
        try server.run("INSERT INTO schema_migrations VALUES (9999, 'later', 0)", in: database)
        await #expect { _ = try await server.open(database) } throws: { "\($0)".contains("newer version of Save (schema 9999") }
    }

    @Test func `a closed store refuses work with a sentence`() async throws {
        let store = try await server.open(database)
        await store.close()
        await store.close()
        await #expect { try await store.ping() } throws: { ($0 as? SaveError)?.code == .storageUnavailable }
    }

    @Test func `of several hosts the one that answers is taken`() async throws {
        let store = try await PostgresStore.open(try server.address(database, hosts: ["/nowhere/at/all"]), connections: 2)
        try await store.ping()
        await store.close()
    }

    @Test func `no error has the password in it`() async throws {
        for text in ["postgresql://save:hunter2@[broken/save", "postgres//save:hunter2@db/save", "host=db password=hunter2"] {
            #expect { _ = try PostgresAddress(text) } throws: {
                !"\($0)".contains("hunter2") && "\($0)".contains("must be a URL")
            }
        }
        let absent = try server.address("absent")
        await #expect { _ = try await PostgresStore.open(absent) } throws: { error in
            (error as? SaveError)?.code == .storageUnavailable && !"\(error)".contains("hunter2")
        }
        #expect(!"\(absent)".contains("hunter2") && !"\(absent)".contains("save:"))
    }
}
