internal import SavePlatform
package import SaveStorage

/// The one metadata store over SQL, whichever database runs it.
package final class SQLMetadataStore: MetadataStore {
    private let database: any SQLDatabase
    private let settings = SettingsText()

    /// Takes over a database whose schema is current (`Migrations.run`).
    package init(_ database: any SQLDatabase) { self.database = database }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await database.read { [dialect = database.dialect, settings] session in
            try body(SQLTransaction(session: session, dialect: dialect, settings: settings))
        }
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await database.write { [dialect = database.dialect, settings] session in
            try body(SQLTransaction(session: session, dialect: dialect, settings: settings))
        }
    }

    /// Asks the database for one row, to see that it answers.
    ///
    /// - Throws: `busy`, `storageUnavailable`.
    package func ping() async throws {
        _ = try await database.read { try $0.integer("SELECT max(number) FROM schema_migrations") }
    }

    /// Refuses new work, waits for what is under way, and lets go of all files and threads. May be called twice.
    package func close() async { await database.close() }
}
