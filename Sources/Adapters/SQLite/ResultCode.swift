internal import CSQLite
internal import SavePlatform

/// A result of the SQLite library, by number. Errors are told apart by code, never by text.
struct ResultCode: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    // The header computes these from the primary code, in a form that Swift does not import.
    private static let foreignKey = SQLITE_CONSTRAINT | 3 << 8
    private static let primaryKey = SQLITE_CONSTRAINT | 6 << 8
    private static let unique = SQLITE_CONSTRAINT | 8 << 8
    private static let rowNumber = SQLITE_CONSTRAINT | 10 << 8

    /// The code without the detail in its upper bytes.
    var primary: Int32 { rawValue & 0xFF }

    /// The code in the platform's terms. `detail` is SQLite's own text, for the log.
    func error(_ detail: String) -> SaveError {
        let cause = SQLiteFailure(code: rawValue, detail: detail)
        return switch (primary, rawValue) {
        case (_, Self.unique), (_, Self.primaryKey), (_, Self.rowNumber):
            SaveError(.alreadyExists, "a record of this name exists already", underlying: cause)
        case (_, Self.foreignKey):
            SaveError(.conflict, "a record that this one belongs to is gone, or others still belong to it", underlying: cause)
        case (SQLITE_FULL, _):
            SaveError(.storageFull, "the disk of the database is full: ask an administrator to make room", underlying: cause)
        case (SQLITE_BUSY, _), (SQLITE_LOCKED, _):
            SaveError(
                .busy, "the database is locked by another program: ask again later; the operator ends that program",
                underlying: cause)
        case (SQLITE_CORRUPT, _), (SQLITE_NOTADB, _):
            SaveError(.storageUnavailable, "the database file is damaged", underlying: cause)
        case (SQLITE_IOERR, _), (SQLITE_CANTOPEN, _), (SQLITE_PERM, _), (SQLITE_READONLY, _), (SQLITE_AUTH, _):
            SaveError(
                .storageUnavailable, "the database file cannot be read or written: the server's log says why", underlying: cause)
        default: SaveError(.internalFailure, "the database refused a statement", underlying: cause)
        }
    }
}

/// What SQLite said, for the log. It names statements and tables, never values.
struct SQLiteFailure: Error, CustomStringConvertible {
    let code: Int32
    let detail: String
    var description: String { "SQLite \(code): \(detail)" }
}
