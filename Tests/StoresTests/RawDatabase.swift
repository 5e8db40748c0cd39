import CSQLite
import SavePlatform

/// Another program's connection to a database file.
final class RawDatabase {
    private var handle: OpaquePointer?

    init(_ path: String) throws {
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw SaveError(.internalFailure, "cannot open") }
    }

    func run(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw SaveError(.internalFailure, String(cString: sqlite3_errmsg(handle)))
        }
    }

    func close() {
        sqlite3_close(handle)
        handle = nil
    }

    deinit { close() }
}
