package import SaveHTTP
internal import SavePlatform
package import SaveSQLMetadata

/// A metadata store in PostgreSQL 15 or newer, which other servers may use at the same time.
package enum PostgresStore {
    private static let oldestVersion: Int64 = 15_00_00

    /// Opens a database and brings its schema up to date. Blocks.
    ///
    /// - Parameters:
    ///   - connections: how many transactions run at the same time.
    ///   - patience: how long a transaction is begun again that others overtook, or that lost its connection.
    /// - Throws: `storageUnavailable` with one sentence for a database that cannot be reached, is too old, has another encoding than
    ///   UTF-8, or comes from a newer version of Save.
    package static func open(
        _ address: PostgresAddress, connections: Int = 10, patience: Duration = .seconds(10), clock: PlatformClock = .system
    ) async throws -> SQLMetadataStore {
        let database = PostgresDatabase(address, connections: connections, patience: patience)
        do {
            try database.changeSchema(recognize)
            try Migrations.run(dialect: .postgres, clock: clock, transaction: database.changeSchema)
        } catch let error as SaveError {
            await database.close()
            throw explained(error)
        }
        let store = SQLMetadataStore(database)
        do {
            try await store.advanceCounts(clock)
        } catch {
            await store.close()
            throw error
        }
        return store
    }

    /// An operator reads this, and needs what the database said.
    private static func explained(_ error: SaveError) -> SaveError {
        guard let problem = error.underlying as? PostgresFailure else { return error }
        return SaveError(error.code, "\(error.message) (\(problem))")
    }

    private static func recognize(_ session: any SQLSession) throws {
        let version = try session.integer("SELECT current_setting('server_version_num')::bigint")
        guard version >= oldestVersion else {
            throw SaveError(
                .storageUnavailable, "the database is PostgreSQL \(version / 10_000): upgrade it to 15 or a newer one")
        }
        let isUTF8 = try session.exists("SELECT 1 WHERE current_setting('server_encoding') = 'UTF8'", [])
        guard isUTF8 else {
            throw SaveError(
                .storageUnavailable,
                "the database has another encoding than UTF-8: create one with ENCODING 'UTF8' TEMPLATE template0")
        }
    }
}
