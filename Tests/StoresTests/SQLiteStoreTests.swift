import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveTestKit
import Testing

@Suite struct SQLiteStoreTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/save.db" }

    init() throws { folder = try TemporaryFolder() }

    @Test func `what was written is there after reopening`() async throws {
        let moment = Timestamp(seconds: 1_000)
        let store = try SQLiteStore.open(path: path)
        let written = try await store.write { transaction in
            let project = try transaction.put(ProjectRecord(name: "backend", created: moment, updated: moment))
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
    }
}
