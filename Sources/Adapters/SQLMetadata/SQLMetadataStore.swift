package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// The one metadata store over SQL, whichever database runs it.
package final class SQLMetadataStore: MetadataStore {
    private let database: any SQLDatabase
    private let settings = SettingsText()
    private let doubts = WriteDoubts()
    /// Only with several writers.
    private let sealer: AuditSealer?

    /// Takes over a database whose schema is current (`Migrations.run`).
    package init(_ database: any SQLDatabase) {
        self.database = database
        sealer = database.dialect.hasOneWriter ? nil : AuditSealer(database, settings, doubts)
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
        let value = try await noting { [dialect = database.dialect, settings] session in
            let transaction = SQLTransaction(
                session: session, dialect: dialect, settings: settings, waiting: waiting, counted: CountedChanges())
            let value = try body(transaction)
            try transaction.numberChanges()
            return value
        }
        // What the caller did is durable. The wait lets the next reader of the trail find it there.
        if !waiting.isEmpty { await sealer.seal() }
        return value
    }

    private func noting<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        do { return try await database.write(body) } catch let error as SaveError where error.code == .storageUnavailable {
            doubts.note()
            throw error
        }
    }

    /// Has somebody told within a second or two, as soon as the database answers, of writes that may have been committed although they
    /// failed. Only with several writers; one that throws is told again.
    package func onDoubt(_ listener: @escaping @Sendable () async throws -> Void) { doubts.listen(listener) }

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

    /// Binds the records to the key of the server that makes the first ones. Nothing with one writer, whose file is beside its key.
    ///
    /// - Parameter keyCheck: what tells the key from others and gives nothing away; nil to ask only.
    /// - Returns: of which key the records are now; nil where they are of none yet.
    package func bind(to keyCheck: String?) async throws -> String? {
        guard sealer != nil else { return keyCheck }
        return try await database.writeAlone { session in
            if let known = try session.first("SELECT key_check FROM server_identity LIMIT 1", [], { try $0.text() }) {
                return known
            }
            if let keyCheck { try session.execute("INSERT INTO server_identity (key_check) VALUES ($1)", [.text(keyCheck)]) }
            return keyCheck
        }
    }

    /// Makes sure that records get their places in the audit trail.
    ///
    /// - Parameter patience: seconds for which every attempt may fail: a restart of the database is no failure.
    /// - Throws: `storageUnavailable` where they have not for longer, with what the database said last.
    package func checkSealing(patience: UInt64 = 15) throws { try sealer?.check(patience * 1_000_000_000) }

    /// Refuses new work, waits for what is under way, and lets go of all files and threads. May be called twice.
    package func close() async {
        sealer?.stop()
        await database.close()
    }
}
