package import SaveHTTP
internal import SavePlatform
package import SaveSQLMetadata

/// The embedded metadata store: one SQLite file.
package enum SQLiteStore {
    /// "SAVE". sqlite.org/pragma.html: "Applications … should set the Application ID integer … so that utilities … can
    /// determine the specific file type".
    private static let applicationID: Int64 = 0x5341_5645
    /// A whole check reads the whole file; up to this size that is a fraction of a second.
    private static let maxBytesCheckedAtOpening: Int64 = 64 << 20

    /// Opens a database, creates one where the file is missing or empty, and brings its schema up to date. Blocks.
    ///
    /// - Parameters:
    ///   - readers: how many reads can run at the same time.
    ///   - busyMilliseconds: how long a transaction waits for another program's lock, however many wait with it.
    ///   - maxPages: a size, in pages of 4 KiB, at which the database counts as full; nil for the disk's own.
    /// - Throws: `storageUnavailable` with one sentence for a file that is damaged, belongs to another program, comes from
    ///   a newer version or cannot be written; `busy` when another program holds it.
    package static func open(
        path: String, readers: Int = 4, clock: PlatformClock = .system, busyMilliseconds: Int32 = 4000,
        maxPages: Int64? = nil
    ) throws -> SQLMetadataStore {
        let file = try SQLiteFile(preparing: path)
        do {
            return try open(file, readers: readers, clock, busyMilliseconds, maxPages)
        } catch let error as SaveError {
            throw SQLiteOpeningFailure.explained(error, file.path)
        }
    }

    private static func open(
        _ file: SQLiteFile, readers: Int, _ clock: PlatformClock, _ busyMilliseconds: Int32, _ maxPages: Int64?
    ) throws -> SQLMetadataStore {
        let writer = try SQLiteConnection(path: file.path, busyMilliseconds: busyMilliseconds)
        if !file.isNew { try recognize(writer, file.path) }
        try setUp(writer, file.path)
        // Digests are random, so a write touches their index anywhere.
        try writer.control("PRAGMA cache_size = -65536")
        if let maxPages { try writer.control("PRAGMA max_page_count = \(maxPages)") }
        try Migrations.run(dialect: .sqlite, clock: clock) { body in
            try writer.transaction("BEGIN IMMEDIATE") { session in try body(session) }
        }
        let readers = try (0..<max(1, readers)).map { _ in
            let reader = try SQLiteConnection(path: file.path, busyMilliseconds: busyMilliseconds)
            try setUp(reader, file.path)
            try reader.control("PRAGMA query_only = ON")
            return reader
        }
        return SQLMetadataStore(SQLiteDatabase(writer: writer, readers: readers, busyMilliseconds: busyMilliseconds))
    }

    /// Reads a database from its first to its last page. Blocks.
    ///
    /// - Returns: what is wrong, one line each; nothing for a sound database.
    package static func problems(path: String) throws -> [String] {
        try SQLiteConnection(path: SQLiteFile(preparing: path).path, busyMilliseconds: 5000)
            .texts("PRAGMA integrity_check").filter { $0 != "ok" }
    }

    static func recognize(_ connection: SQLiteConnection, _ path: String) throws {
        let id = try connection.integer("PRAGMA application_id")
        let tables = try connection.integer("SELECT count(*) FROM sqlite_schema")
        guard id == applicationID || (id == 0 && tables == 0) else {
            throw SQLiteFile.unusable(path, "belongs to another program", mend: SQLiteFile.other)
        }
        let size = try connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size")
        guard size <= maxBytesCheckedAtOpening else { return }
        guard try connection.texts("PRAGMA quick_check(1)") == ["ok"] else {
            throw SQLiteFile.unusable(path, "is damaged", mend: SQLiteFile.restore)
        }
    }

    private static func setUp(_ connection: SQLiteConnection, _ path: String) throws {
        guard try connection.texts("PRAGMA journal_mode = WAL") == ["wal"] else {
            throw SQLiteFile.unusable(
                path, "is on a file system that cannot share memory between processes",
                mend: "move the data directory to a local disk (ext4, xfs, btrfs, zfs)")
        }
        // sqlite.org/pragma.html#pragma_synchronous: with NORMAL "WAL mode … might lose durability"; FULL syncs the log at
        // each commit.
        try connection.control("PRAGMA synchronous = FULL")
        try connection.control("PRAGMA foreign_keys = ON")
        try connection.control("PRAGMA trusted_schema = OFF")
        try connection.control("PRAGMA cell_size_check = ON")
        try connection.control("PRAGMA temp_store = MEMORY")
        try connection.control("PRAGMA cache_size = -8192")
        // The log is cut to this size when it starts over; one long read cannot make it stay large.
        try connection.control("PRAGMA journal_size_limit = 67108864")
        if try connection.integer("PRAGMA application_id") != applicationID {
            try connection.control("PRAGMA application_id = \(applicationID)")
        }
    }
}
