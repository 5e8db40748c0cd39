internal import SavePlatform
internal import SaveSQLMetadata

/// The kinds of transactions, with what each begins with and how long its statements may take.
enum PostgresTransaction {
    case read
    case write
    /// As `write`, after others that were overtaken too often have ended. All other writes go on beside it.
    case writeInTurn
    /// One at a time, in all processes. What it reads was committed before it has its turn.
    case alone
    /// As `alone`, for changes of the schema.
    case schema

    /// "SAVE", and a number of the purpose. PostgreSQL 15, 9.27.10: locks of transactions, which a pooler leaves alone.
    private static let (aloneKey, schemaKey): (Int64, Int64) = (0x5341_5645_0001, 0x5341_5645_0002)

    /// Seconds that a statement may take; the server ends it then. The connection is given up five seconds later.
    var statementSeconds: Int64 { self == .schema ? 3600 : 30 }
    private var lockSeconds: Int64 { self == .schema ? 600 : 5 }

    /// PostgreSQL 15, 13.2.3: with SERIALIZABLE the effect is that of transactions one after the other, and what would not be is
    /// refused with 40001. Such a transaction notes what it read: rows through an index, but all of a table that it scans, so an index
    /// is taken wherever there is one.
    var beginning: String {
        switch self {
        case .read: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \(limits)"
        case .write: "BEGIN ISOLATION LEVEL SERIALIZABLE; \(limits); SET LOCAL enable_seqscan = off"
        case .writeInTurn:
            // PostgreSQL 15, LOCK: what a transaction sees is fixed by its first query, and this command is none.
            """
            BEGIN ISOLATION LEVEL SERIALIZABLE; \(limits); SET LOCAL enable_seqscan = off;
            LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE
            """
        case .alone: "BEGIN ISOLATION LEVEL READ COMMITTED; \(limits); \(lock(Self.aloneKey))"
        case .schema: "BEGIN ISOLATION LEVEL READ COMMITTED; \(limits); \(lock(Self.schemaKey))"
        }
    }

    private var limits: String {
        """
        SET LOCAL statement_timeout = '\(statementSeconds)s'; SET LOCAL lock_timeout = '\(lockSeconds)s';
        SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL synchronous_commit = on; SET LOCAL bytea_output = hex;
        SET LOCAL jit = off
        """
    }

    private func lock(_ key: Int64) -> String { "SELECT pg_advisory_xact_lock(\(key))" }
}

/// What a transaction's closure sees of a connection.
final class PostgresSession: SQLSession {
    private let connection: PostgresConnection
    private let seconds: Int64
    /// The first failure. PostgreSQL does nothing more in a transaction after one.
    private(set) var failure: PostgresFailure?
    /// Whether something may have been changed.
    private(set) var hasChanges = false

    init(_ connection: PostgresConnection, _ kind: PostgresTransaction) {
        self.connection = connection
        seconds = kind.statementSeconds + 5
    }

    func query(_ sql: String, _ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws {
        let result = try run(sql, values)
        for number in 0..<result.rows { try each(result.row(number)) }
    }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int { try run(sql, values).changes }

    private func run(_ sql: String, _ values: [SQLValue]) throws -> PostgresResult {
        guard failure == nil else { throw Self.lost }
        if !sql.hasPrefix("SELECT") { hasChanges = true }
        do {
            return try connection.run(sql, values, within: seconds)
        } catch let problem as PostgresFailure {
            failure = problem
            throw problem.error
        }
    }

    static let lost = SaveError(.storageUnavailable, "the database gave up a transaction after an earlier error")
}
