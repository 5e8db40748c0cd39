import Foundation
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Testing

@Suite struct SQLiteStoreTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/save.db" }
    let moment = Timestamp(seconds: 1_000)

    init() throws { folder = try TemporaryFolder() }

    private func project(_ name: String, _ description: String = "") -> ProjectRecord {
        ProjectRecord(name: name, description: description, created: moment, updated: moment)
    }

    @Test func `every part of a repository has its column`() {
        let repository = RepositoryRecord(
            projectID: 0, project: "", name: "r", format: "raw", kind: .hosted, created: moment, updated: moment)
        let required = ["id", "projectID", "project", "name", "format", "kind", "created", "updated"]
        let parts = Mirror(reflecting: repository).children.compactMap(\.label).filter { !required.contains($0) }
        #expect(parts.count == RepositoryColumn.all.count, "\(parts), \(RepositoryColumn.all.map(\.name))")
    }

    @Test func `what was written is there after reopening`() async throws {
        let store = try SQLiteStore.open(path: path)
        let moment = moment
        let backend = project("backend")
        let written = try await store.write { transaction in
            let project = try transaction.put(backend)
            return try transaction.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "hosted", format: "raw", kind: .hosted, created: moment,
                    updated: moment))
        }
        await store.close()
        let reopened = try SQLiteStore.open(path: path)
        #expect(try await reopened.read { try $0.repositories() } == [written])
        #expect(written.project == "backend")
        try await reopened.ping()
        await reopened.close()
    }

    @Test func `a closed store refuses work with a sentence`() async throws {
        let store = try SQLiteStore.open(path: path)
        await store.close()
        await store.close()
        await #expect { try await store.ping() } throws: { ($0 as? SaveError)?.code == .storageUnavailable }
        await #expect { try await store.write { _ in } } throws: { ($0 as? SaveError)?.code == .storageUnavailable }
    }

    @Test func `closing waits for work that is under way`() async throws {
        let store = try SQLiteStore.open(path: path)
        let projects = (0..<20).map { project("p\($0)") }
        await withTaskGroup(of: Void.self) { group in
            for project in projects { group.addTask { _ = try? await store.write { try $0.put(project) } } }
            group.addTask { await store.close() }
        }
        let reopened = try SQLiteStore.open(path: path)
        _ = try await reopened.read { try $0.projects() }
        await reopened.close()
        #expect(try SQLiteStore.problems(path: path) == [])
    }

    @Test func `settings of an earlier version get the defaults of this one`() async throws {
        let store = try SQLiteStore.open(path: path)
        let moment = moment
        let backend = project("backend")
        _ = try await store.write { transaction in
            let project = try transaction.put(backend)
            return try transaction.put(
                RepositoryRecord(
                    projectID: project.id, project: "", name: "p", format: "raw", kind: .proxy, created: moment, updated: moment))
        }
        await store.close()
        let raw = try RawDatabase(path)
        try raw.run("UPDATE repositories SET proxy = '{\"remoteURL\":\"https://example.test/\",\"gone\":1}'")
        raw.close()
        let reopened = try SQLiteStore.open(path: path)
        let proxy = try await reopened.read { try $0.repositories().first?.proxy }
        #expect(proxy?.remoteURL == "https://example.test/")
        #expect(proxy?.cacheTTL == 3600)
        await reopened.close()
    }

    @Test func `a full disk is storageFull, and the store goes on when there is space again`() async throws {
        let store = try SQLiteStore.open(path: path)
        let (small, large) = (project("small"), project("large", String(repeating: "x", count: 2_000_000)))
        await store.close()
        let limited = try SQLiteStore.open(path: path, maxPages: 60)
        await #expect {
            _ = try await limited.write { try $0.put(large) }
        } throws: { ($0 as? SaveError)?.code == .storageFull }
        _ = try await limited.write { try $0.put(small) }
        #expect(try await limited.read { try $0.projects().map(\.name) } == ["small"])
        await limited.close()
    }

    @Test func `a full disk fails the writes that shared its commit, and none is half there`() async throws {
        let store = try SQLiteStore.open(path: path, maxPages: 100)
        let projects = (0..<40).map { project("p\($0)", String(repeating: "x", count: $0 == 20 ? 2_000_000 : 10)) }
        let acknowledged = await withTaskGroup(of: String?.self) { group in
            for project in projects {
                group.addTask { try? await store.write { try $0.put(project).name } }
            }
            return await group.reduce(into: Set<String>()) { names, name in if let name { names.insert(name) } }
        }
        let there = Set(try await store.read { try $0.projects().map(\.name) })
        #expect(acknowledged == there)
        #expect(!there.contains("p20"))
        await store.close()
    }

    @Test func `another program that holds the database makes it busy, and reads go on`() async throws {
        let store = try SQLiteStore.open(path: path, busyMilliseconds: 50)
        let project = project("p")
        let other = try RawDatabase(path)
        try other.run("BEGIN IMMEDIATE")
        await #expect { _ = try await store.write { try $0.put(project) } } throws: { ($0 as? SaveError)?.code == .busy }
        #expect(try await store.read { try $0.projects() } == [])
        try other.run("ROLLBACK")
        other.close()
        _ = try await store.write { try $0.put(project) }
        await store.close()
    }

    @Test func `all that wait for another program wait together, and those that come after them hardly`() async throws {
        // Long enough that a machine that does other things is not slower than the waiting.
        let patience: Duration = .seconds(2)
        let store = try SQLiteStore.open(path: path, busyMilliseconds: 2000)
        let other = try RawDatabase(path)
        try other.run("BEGIN IMMEDIATE")
        func fail(_ name: String) async {
            let project = self.project(name)
            await #expect { _ = try await store.write { try $0.put(project) } } throws: { ($0 as? SaveError)?.code == .busy }
        }
        let clock = ContinuousClock()
        let together = await clock.measure {
            await withTaskGroup(of: Void.self) { group in for number in 0..<32 { group.addTask { await fail("p\(number)") } } }
        }
        // One after another they would take 32 times that.
        #expect(together < patience * 24)
        let afterwards = await clock.measure { for number in 0..<32 { await fail("q\(number)") } }
        #expect(afterwards < patience * 24)
        try other.run("ROLLBACK")
        other.close()
        let project = project("r")
        _ = try await store.write { try $0.put(project) }
        #expect(try await store.read { try $0.projects().map(\.name) } == ["r"])
        await store.close()
    }

    @Test func `audit records can be neither changed nor removed by anybody`() async throws {
        let store = try SQLiteStore.open(path: path)
        let record = AuditRecord(
            sequence: 1, time: moment, actor: "alice", actorKind: "user", action: "a", resourceType: "t", resource: "r",
            outcome: .ok, sourceIP: "", userAgent: "", requestID: "", details: [:], hash: "h", previousHash: "")
        try await store.write { try $0.append(record) }
        let other = try RawDatabase(path)
        #expect(throws: SaveError.self) { try other.run("UPDATE audit SET actor = 'mallory'") }
        #expect(throws: SaveError.self) { try other.run("DELETE FROM audit") }
        other.close()
        #expect(try await store.read { try $0.lastAudit() } == record)
        await store.close()
    }

    /// A database in which an insert of the project "bomb" ends the whole transaction, as SQLite does by itself after
    /// some errors of the disk.
    private func openWithBomb() async throws -> SQLMetadataStore {
        await (try SQLiteStore.open(path: path)).close()
        let raw = try RawDatabase(path)
        try raw.run(
            """
            CREATE TRIGGER bomb BEFORE INSERT ON projects WHEN NEW.name = 'bomb'
            BEGIN SELECT RAISE(ROLLBACK, 'gone'); END
            """)
        raw.close()
        return try SQLiteStore.open(path: path)
    }

    @Test func `a closure that goes on after its transaction is lost commits nothing`() async throws {
        let store = try await openWithBomb()
        let (bomb, small) = (project("bomb"), project("small"))
        await #expect(throws: SaveError.self) {
            try await store.write { writing in
                _ = try? writing.put(bomb)
                _ = try writing.put(small)
            }
        }
        await #expect(throws: SaveError.self) { try await store.write { _ = try? $0.put(bomb) } }
        #expect(try await store.read { try $0.projects() } == [])
        _ = try await store.write { try $0.put(small) }
        #expect(try await store.read { try $0.projects().map(\.name) } == ["small"])
        await store.close()
    }

    @Test func `writes that shared a lost transaction are told so, and only those that are there succeeded`() async throws {
        let store = try await openWithBomb()
        for round in 0..<5 {
            let projects = (0..<40).map { project($0 == 20 ? "bomb" : "p\(round)-\($0)") }
            let acknowledged = await withTaskGroup(of: String?.self) { group in
                for project in projects {
                    group.addTask { try? await store.write { try $0.put(project).name } }
                }
                return await group.reduce(into: Set<String>()) { names, name in if let name { names.insert(name) } }
            }
            let there = try await store.read { try $0.projects().map(\.name).filter { $0.hasPrefix("p\(round)-") } }
            #expect(acknowledged == Set(there))
        }
        await store.close()
    }
}

struct SQLiteAuditSearchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func record(_ number: Int64) -> AuditRecord {
        AuditRecord(
            sequence: number, time: Timestamp(seconds: number), actor: "user\(number % 50)", actorKind: "user",
            action: "file.upload", resourceType: "file", resource: "p/r/f\(number)", outcome: .ok, sourceIP: "192.0.2.1",
            userAgent: "", requestID: "q\(number)", details: [:], hash: "h", previousHash: "g")
    }

    @Test func `a search with little time comes to every record, in more pages`() async throws {
        let store = try SQLiteStore.open(path: folder.path + "/save.db")
        try await store.write { writing in
            for number in Int64(1)...20_000 { try writing.append(record(number)) }
            for _ in 0..<15 { _ = try writing.indexAudit(1000) }
        }
        let searches: [@Sendable (AuditQuery) -> AuditQuery] = [
            { query in
                var query = query
                query.text = "f77"
                return query
            },
            { query in
                var query = query
                query.text = "77"
                return query
            },
            { query in
                var query = query
                query.actor = "user7"
                query.text = "7"
                return query
            },
        ]
        for search in searches {
            let all = try await store.read { try $0.audit(search(AuditQuery(limit: 20_000))) }
            #expect(all.next == nil)
            #expect(all.records.count > 100)
            var query = search(AuditQuery(limit: 20, patience: .zero))
            var found: [Int64] = []
            var pages = 0
            repeat {
                let page = try await store.read { [query] in try $0.audit(query) }
                found += page.records.map(\.sequence)
                query.before = page.next
                pages += 1
            } while query.before != nil
            #expect(found == all.records.map(\.sequence))
            #expect(pages > 3)
        }
        await store.close()
    }
}
