package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// The one metadata store over SQL, whichever database runs it.
package final class SQLMetadataStore: MetadataStore {
    private let database: any SQLDatabase
    private let settings = SettingsText()
    /// Only with several writers.
    private let sealer: AuditSealer?

    /// Takes over a database whose schema is current (`Migrations.run`).
    package init(_ database: any SQLDatabase) {
        self.database = database
        sealer = database.dialect.hasOneWriter ? nil : AuditSealer(database, settings)
        sealer?.watch()
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await database.read { [dialect = database.dialect, settings] session in
            try body(SQLTransaction(session: session, dialect: dialect, settings: settings, waiting: nil))
        }
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        guard let sealer else {
            return try await database.write { [dialect = database.dialect, settings] session in
                try body(SQLTransaction(session: session, dialect: dialect, settings: settings, waiting: nil))
            }
        }
        let waiting = WaitingRecords()
        let value = try await database.write { [dialect = database.dialect, settings] session in
            try body(SQLTransaction(session: session, dialect: dialect, settings: settings, waiting: waiting))
        }
        // What the caller did is durable. The wait lets the next reader of the trail find it there.
        if !waiting.isEmpty { await sealer.seal() }
        return value
    }

    /// Makes counts of several writers current at the start of a process. Nothing with one writer.
    package func advanceCounts(_ clock: PlatformClock) async throws {
        guard sealer != nil else { return }
        try await database.writeAlone { [dialect = database.dialect, settings] session in
            try SQLTransaction(session: session, dialect: dialect, settings: settings, waiting: nil)
                .advanceSerials(to: clock.now())
        }
    }

    /// Asks the database for one row, to see that it answers.
    ///
    /// - Throws: `busy`, `storageUnavailable`.
    package func ping() async throws {
        _ = try await database.read { try $0.integer("SELECT max(number) FROM schema_migrations") }
    }

    /// Refuses new work, waits for what is under way, and lets go of all files and threads. May be called twice.
    package func close() async {
        sealer?.stop()
        await database.close()
    }
}
