internal import Glibc
package import SaveAdvisories
internal import SavePlatform
internal import SaveSQLMetadata

/// Records of advisories in a SQLite file of their own: `advisories.db` in a folder of the data directory, which is never written to. What
/// comes in its place is made beside it and takes its name at the end, so a reader that has it open goes on with what it had
/// (`docs/adr/0040-advisories-in-a-file-of-their-own.md`).
package struct AdvisoryFile: AdvisoryStoring {
    let folder: String
    var path: String { folder + "/" + Self.name }

    static let name = "advisories.db"
    /// "SAVA".
    static let applicationID: Int64 = 0x5341_5641
    /// Of the tables below.
    static let layout: Int64 = 1
    /// What stands before the names of notes in `meta`.
    static let notePrefix = "note:"

    static let tables = [
        "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE record(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, modified INTEGER NOT NULL, document BLOB NOT NULL)
        """,
        """
        CREATE TABLE package(ecosystem TEXT NOT NULL, name TEXT NOT NULL, record INTEGER NOT NULL,
        PRIMARY KEY(ecosystem, name, record)) WITHOUT ROWID
        """,
        "CREATE TABLE name(name TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY(name, record)) WITHOUT ROWID",
    ]

    /// - Parameter folder: made when the first records come in.
    package init(folder: String) { self.folder = folder }

    package var identity: AdvisoryStoreIdentity? {
        get throws {
            var facts = stat()
            guard stat(path, &facts) == 0 else {
                // Any other failure hides records that may be there, and "nothing is known" would pass for "nothing is wrong".
                guard errno == ENOENT || errno == ENOTDIR else {
                    throw SaveError(
                        .storageUnavailable, "the advisories cannot be read: see that the server's user may read them",
                        underlying: SQLiteFile.unusable(path, "cannot be looked at", errno))
                }
                return nil
            }
            return AdvisoryStoreIdentity([
                Int64(facts.st_dev), Int64(facts.st_ino), Int64(facts.st_mtim.tv_sec), Int64(facts.st_mtim.tv_nsec),
                Int64(facts.st_size),
            ])
        }
    }

    package func open() throws -> (any AdvisoryReading)? {
        guard try identity != nil else { return nil }
        do {
            return try AdvisoryFileReader(path: path)
        } catch let error as SaveError {
            throw SaveError(
                .storageUnavailable, "the advisories cannot be read: import them again (save-server advisories import)",
                underlying: error)
        }
    }

    package func begin(empty isEmpty: Bool) throws -> any AdvisoryWriting {
        try AdvisoryFileWriter(replacing: self, empty: isEmpty)
    }

    package func spool() throws -> any AdvisorySpool { try UnnamedFile(in: folder) }
}

/// One connection that only reads, used by one at a time.
struct AdvisoryFileReader: AdvisoryReading {
    private let connection: SQLiteConnection
    private let lock = Condition()

    init(path: String) throws {
        let connection = try SQLiteConnection(path: SQLiteFile(preparing: path).path, busyMilliseconds: 5000)
        guard try connection.integer("PRAGMA application_id") == AdvisoryFile.applicationID,
            try connection.integer("PRAGMA user_version") == AdvisoryFile.layout
        else { throw SQLiteFile.unusable(path, "is not one of this version", mend: "import the advisories again") }
        try connection.control("PRAGMA query_only = ON")
        try connection.control("PRAGMA trusted_schema = OFF")
        try connection.control("PRAGMA cell_size_check = ON")
        try connection.control("PRAGMA cache_size = -8192")
        self.connection = connection
    }

    func documents(of package: PackageID, in ecosystem: String, limit: Int) throws -> [[UInt8]] {
        try documents(
            """
            SELECT document FROM package JOIN record ON record.number = package.record
            WHERE package.ecosystem = $1 AND package.name = $2 ORDER BY record.id LIMIT $3
            """, [.text(ecosystem), .text(package.name), .integer(Int64(limit))])
    }

    func documents(named name: String) throws -> [[UInt8]] {
        let name = ASCII.lowercased(name)
        return try documents(
            """
            SELECT document FROM name JOIN record ON record.number = name.record
            WHERE name.name = $1 ORDER BY lower(record.id) <> $1, record.id LIMIT 1000
            """, [.text(name)])
    }

    func status() throws -> AdvisoryStatus {
        try lock.withLock {
            var status = AdvisoryStatus()
            try connection.transaction("BEGIN") { session in
                try session.query("SELECT key, value FROM meta", []) { row in
                    guard let key = row.text(0), let value = row.text(1) else { return }
                    if key == "imported" { status.imported = Timestamp(rfc3339: value) }
                    if key == "newest" { status.newest = Timestamp(rfc3339: value) }
                    if key == "records" { status.records = Int(value) ?? 0 }
                    if key.utf8.starts(with: AdvisoryFile.notePrefix.utf8) {
                        status.notes[String(key.dropFirst(AdvisoryFile.notePrefix.count))] = value
                    }
                    if key == "ecosystems" { status.ecosystems = Self.ecosystems(value) }
                }
            }
            return status
        }
    }

    private static func ecosystems(_ text: String) -> [AdvisoryStatus.Ecosystem] {
        let items = (try? JSONValue(parsing: Array(text.utf8)))?.array ?? []
        return items.compactMap(\.object).map { item in
            AdvisoryStatus.Ecosystem(
                name: item["name"]?.string ?? "", records: Int(item["records"]?.integer ?? 0),
                newest: item["newest"]?.string.flatMap { Timestamp(rfc3339: $0) })
        }
    }

    private func documents(_ sql: String, _ values: [SQLValue]) throws -> [[UInt8]] {
        try lock.withLock {
            var found: [[UInt8]] = []
            try connection.transaction("BEGIN") { session in
                try session.query(sql, values) { row in row.bytes(0).map { found.append($0) } }
            }
            return found
        }
    }
}
