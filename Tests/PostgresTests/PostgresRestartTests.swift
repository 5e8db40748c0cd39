import SavePlatform
import SavePostgres
import SaveSQLMetadata
import SaveStorage
import Testing

/// A server that is killed in the middle of things. It is these tests' own.
@Suite(.serialized) struct PostgresRestartTests {
    private static let server = Result { try PostgresServer() }

    private func project(_ name: String) -> ProjectRecord {
        ProjectRecord(name: name, description: "", created: Timestamp(seconds: 1), updated: Timestamp(seconds: 1))
    }

    @Test func `a store goes on when its server was killed and is back`() async throws {
        let server = try Self.server.get()
        let store = try await server.open(try server.makeDatabase())
        _ = try await store.write { [before = project("before")] in try $0.put(before) }
        try server.crash()
        try server.start()
        #expect(try await store.read { try $0.projects().map(\.name) } == ["before"])
        _ = try await store.write { [after = project("after")] in try $0.put(after) }
        #expect(try await store.read { try $0.projects().map(\.name) } == ["after", "before"])
        await store.close()
    }

    @Test func `a write whose server is killed under it happens once, when the server is back`() async throws {
        let server = try Self.server.get()
        let store = try await server.open(try server.makeDatabase())
        let runs = Count()
        _ = try await store.write { [project = project("once")] writing in
            let written = try writing.put(project)
            if runs.next() == 1 {
                try server.crash()
                try server.start()
            }
            return written
        }
        #expect(runs.value == 2)
        #expect(try await store.read { try $0.projects().map(\.name) } == ["once"])
        await store.close()
    }

    @Test func `a write that failed with its server has what was read before read again when the server is back`() async throws {
        let server = try Self.server.get()
        let store = try await PostgresStore.open(try server.address(try server.makeDatabase()), patience: .zero)
        let told = Count()
        store.onDoubt {
            _ = try await store.read { try $0.projects() }
            _ = told.next()
        }
        try server.crash()
        await #expect(throws: SaveError.self) { _ = try await store.write { [lost = project("lost")] in try $0.put(lost) } }
        #expect(told.value == 0)
        try server.start()
        while told.value == 0 { await Task.yield() }
        await store.close()
    }

    @Test func `what was acknowledged before a crash is there after it, and its audit record has a place`() async throws {
        let server = try Self.server.get()
        let store = try await server.open(try server.makeDatabase())
        let acknowledged = Names()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<25 {
                        let project = project("p\(writer)-\(number)")
                        let isWritten: Void? = try? await store.write { writing in
                            _ = try writing.put(project)
                            try writing.record(AuditEvent("a", "project", project.name), .system, at: project.created)
                        }
                        if isWritten != nil { acknowledged.add(project.name) }
                    }
                }
            }
            group.addTask {
                while acknowledged.all.count < 20 { await Task.yield() }
                do {
                    try server.crash()
                    try server.start()
                } catch { Issue.record(error) }
            }
        }
        let wanted = acknowledged.all
        #expect(wanted.count == 100)
        #expect(Set(try await store.read { try $0.projects().map(\.name) }) == wanted)
        let audited = try await store.read { try $0.audit(after: 0, limit: 1000).map(\.resource) }
        #expect(audited.count == 100 && Set(audited) == wanted)
        await store.close()
    }
}
