internal import CSQLite
internal import SavePlatform

/// What went wrong while a database was opened, as its operator needs to hear it: which file, what SQLite said, what to do. While
/// the server runs, clients read these errors, and get neither.
enum SQLiteOpeningFailure {
    static func explained(_ error: SaveError, _ path: String) -> SaveError {
        guard let failure = error.underlying as? SQLiteFailure else {
            guard !error.message.contains(path) else { return error }
            return SaveError(error.code, "\(path): \(error.message)", details: error.details, underlying: error.underlying)
        }
        let step = error.trail.first.map { " (\($0))" } ?? ""
        func sentence(_ what: String, _ mend: String) -> SaveError {
            SaveError(
                error.code == .internalFailure ? .storageUnavailable : error.code,
                "the database file \(path) \(what)\(step): \(failure.detail); \(mend)", underlying: failure)
        }
        return switch failure.code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: sentence("is damaged", SQLiteFile.restore)
        case SQLITE_BUSY, SQLITE_LOCKED:
            sentence("is locked by another program", "end that program (fuser \(path) tells which it is)")
        case SQLITE_FULL: sentence("cannot grow", "free some space on its disk")
        case SQLITE_IOERR:
            sentence(
                "cannot be read or written", "check its disk: whether it is mounted and has space, and the kernel's log (dmesg)")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
            sentence(
                "cannot be opened for writing",
                "it, its folder and the files beside it (save.db-wal, save.db-shm) must belong to the user who runs this")
        default:
            sentence(
                "has another schema than its version says",
                "somebody changed it, or a copy of it was not whole: restore the last backup into another data directory "
                    + "(save-server restore), or start the version of Save that wrote it")
        }
    }
}
