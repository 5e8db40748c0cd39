internal import CSQLite
internal import SavePlatform
internal import SaveSQLMetadata

/// One connection to a database file, with the statements it has compiled.
///
/// SAFETY: `@unchecked Sendable` because connections move between threads while used by one at a time, which their owners
/// (`SQLiteDatabase`, `WriteQueue`) see to. sqlite.org/threadsafe.html: "Multi-thread. In this mode, SQLite can be safely
/// used by multiple threads provided that no single database connection … is used simultaneously in two or more threads."
final class SQLiteConnection: @unchecked Sendable {
    private let handle: OpaquePointer
    private var isOpen = true
    private var statements: [String: Slot] = [:]
    private static let maxStatements = 256

    /// A compiled statement and whether it is running; a class because dictionaries hold copyable values only.
    private final class Slot {
        let statement: Statement
        var isRunning = false
        init(_ statement: consuming Statement) { self.statement = statement }
    }

    /// Opens an existing file.
    ///
    /// - Throws: `storageUnavailable` when it is not there, is a link, or cannot be written.
    init(path: String, busyMilliseconds: Int32) throws {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            defer { sqlite3_close(handle) }
            throw ResultCode(rawValue: code).error(handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory")
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, busyMilliseconds)
        keepLogFiles()
    }

    /// Has `-wal`, which is empty then, and `-shm` stay when the last connection closes: opening the database would make them
    /// again, for which a full disk has no room (sqlite.org/c3ref/c_fcntl_begin_atomic_write.html,
    /// SQLITE_FCNTL_PERSIST_WAL). Where that is not to be had, they are made as ever.
    private func keepLogFiles() {
        var keeps: Int32 = 1
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps)
    }

    /// From now on a statement that meets another program's lock fails at once.
    func stopWaitingForOthers() { sqlite3_busy_timeout(handle, 0) }

    deinit { close() }

    /// Closes the connection now, although others may still hold this object. They must not use it afterwards.
    func close() {
        guard isOpen else { return }
        isOpen = false
        // sqlite.org/c3ref/close.html: all statements must be finalized before the connection is closed.
        statements.removeAll()
        sqlite3_close(handle)
    }

    /// Whether a transaction is open. SQLite ends one by itself after some errors (sqlite.org/lang_transaction.html 2.5).
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs a statement that is not part of a transaction's work: `BEGIN`, `PRAGMA` and their like.
    func control(_ sql: String, _ values: [SQLValue] = []) throws { try run(sql, values, { _ in }) }

    /// The integer in the one row of a pragma or query.
    func integer(_ sql: String) throws -> Int64 {
        var result: Int64 = 0
        try run(sql, []) { result = $0.integer(0) ?? 0 }
        return result
    }

    /// The texts in the first column of a pragma or query.
    func texts(_ sql: String) throws -> [String] {
        var result: [String] = []
        try run(sql, []) { result.append($0.text(0) ?? "") }
        return result
    }

    fileprivate func run(_ sql: String, _ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws {
        if let slot = statements[sql], !slot.isRunning {
            try run(slot, values, each)
        } else {
            let slot = Slot(try Statement(sql, on: handle))
            if statements.count >= Self.maxStatements { statements = statements.filter { $0.value.isRunning } }
            if statements[sql] == nil { statements[sql] = slot }
            try run(slot, values, each)
        }
    }

    private func run(_ slot: Slot, _ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws {
        slot.isRunning = true
        defer { slot.isRunning = false }
        try slot.statement.run(values, each)
    }

    fileprivate var changes: Int { Int(sqlite3_changes64(handle)) }
}

/// What a transaction's closure sees of a connection.
struct SQLiteSession: SQLSession {
    let connection: SQLiteConnection

    func query(_ sql: String, _ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws {
        // A closure that goes on after SQLite ended its transaction would commit each further statement by itself.
        guard connection.isInTransaction else { throw SQLiteSession.lost }
        try connection.run(sql, values, each)
    }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try query(sql, values) { _ in }
        return connection.changes
    }

    static let lost = SaveError(.storageUnavailable, "the database gave up a transaction after an earlier error")
}

extension SQLiteConnection {
    /// Runs a closure between a statement that begins a transaction and its commit.
    func transaction<Value>(_ begin: String, _ body: (SQLiteSession) throws -> Value) throws -> Value {
        try control(begin)
        do {
            let value = try body(SQLiteSession(connection: self))
            guard isInTransaction else { throw SQLiteSession.lost }
            try control("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a transaction without effect. One that SQLite has ended already is no error.
    func rollBack() {
        guard isInTransaction else { return }
        // A rollback that reports an error has still ended the transaction in memory, and the next reader recovers the file.
        try? control("ROLLBACK")
    }
}
