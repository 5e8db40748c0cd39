import SavePostgres
import SaveSQLMetadata
import SaveTestKit
import Testing

@Suite(.serialized) struct PostgresConformanceTests {
    @Test(arguments: MetadataStoreConformance.laws)
    func `PostgreSQL keeps the law`(_ law: MetadataStoreConformance.Law) async throws {
        let server = try PostgresServer.shared.get()
        let store = try await server.open(try server.makeDatabase())
        do {
            try await law.check(store)
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }
}
