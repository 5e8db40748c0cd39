internal import FoundationEssentials
internal import Glibc
internal import SaveAdvisories
internal import SavePlatform
internal import SaveSQLMetadata
internal import Synchronization

/// Makes a file of advisories beside the one that is there.
///
/// Nothing of it counts before the end, so it is written without a journal, and becomes durable at once at the end.
final class AdvisoryFileWriter: AdvisoryWriting {
    private let target: AdvisoryFile
    private let connection: SQLiteConnection
    private let path: String
    /// Keeps others from making a file meanwhile, whatever process they are.
    private let lock: OpenFile
    private let isOver = Mutex(false)

    init(replacing target: AdvisoryFile, empty isEmpty: Bool) throws {
        self.target = target
        try Self.makeFolder(target.folder)
        lock = try Self.lock(target.folder)
        path = target.folder + "/import.db"
        // Of an import that came to no end.
        try? FileManager.default.removeItem(atPath: path)
        try? FileManager.default.removeItem(atPath: path + "-journal")
        do {
            if !isEmpty, try Self.isThere(target) { try Self.copy(target.path, to: path) }
            let file = try SQLiteFile(preparing: path)
            connection = try SQLiteConnection(path: file.path, busyMilliseconds: 5000)
            try Self.setUp(connection, isNew: file.isNew)
            try connection.control("BEGIN IMMEDIATE")
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    func add(_ records: [AdvisoryRecord]) throws -> AdvisoryChanges {
        var changes = AdvisoryChanges()
        let session = SQLiteSession(connection: connection)
        for record in records {
            var known: (number: Int64, modified: Int64)?
            try session.query("SELECT number, modified FROM record WHERE id = $1", [.text(record.id)]) { row in
                known = (row.integer(0) ?? 0, row.integer(1) ?? 0)
            }
            if let known, known.modified >= record.modified.microseconds {
                let isCompleted =
                    try known.modified == record.modified.microseconds && complete(known.number, record.packages, session)
                if isCompleted { changes.updated += 1 } else { changes.unchanged += 1 }
                continue
            }
            if let known {
                try session.query("DELETE FROM package WHERE record = $1", [.integer(known.number)]) { _ in }
                try session.query("DELETE FROM name WHERE record = $1", [.integer(known.number)]) { _ in }
                try session.query("DELETE FROM record WHERE number = $1", [.integer(known.number)]) { _ in }
            }
            try insert(record, session)
            if known == nil { changes.added += 1 } else { changes.updated += 1 }
        }
        return changes
    }

    private func insert(_ record: AdvisoryRecord, _ session: SQLiteSession) throws {
        var number: Int64 = 0
        try session.query(
            "INSERT INTO record(id, modified, document) VALUES($1, $2, $3) RETURNING number",
            [.text(record.id), .integer(record.modified.microseconds), .bytes(record.document)]
        ) { number = $0.integer(0) ?? 0 }
        for package in record.packages { try insert(package, of: number, session) }
        for name in record.names {
            try session.query("INSERT OR IGNORE INTO name(name, record) VALUES($1, $2)", [.text(name), .integer(number)]) { _ in }
        }
    }

    private func insert(_ package: AdvisoryRecord.Package, of number: Int64, _ session: SQLiteSession) throws {
        try session.query(
            "INSERT OR IGNORE INTO package(ecosystem, name, record) VALUES($1, $2, $3)",
            [.text(package.ecosystem), .text(package.id.name), .integer(number)]
        ) { _ in }
    }

    /// Adds packages that a record is not found by yet, which an import without their format left out; whether there were any.
    private func complete(_ number: Int64, _ packages: [AdvisoryRecord.Package], _ session: SQLiteSession) throws -> Bool {
        var known: Set<[String]> = []
        try session.query("SELECT ecosystem, name FROM package WHERE record = $1", [.integer(number)]) { row in
            known.insert([row.text(0) ?? "", row.text(1) ?? ""])
        }
        let missing = packages.filter { !known.contains([$0.ecosystem, $0.id.name]) }
        for package in missing { try insert(package, of: number, session) }
        return !missing.isEmpty
    }

    func commit(at time: Timestamp, noting notes: [String: String]) throws {
        try note(time)
        for (name, text) in notes { try put(AdvisoryFile.notePrefix + name, text) }
        try connection.control("COMMIT")
        connection.close()
        try Self.synchronize(path)
        guard rename(path, target.path) == 0 else { throw SQLiteFile.unusable(target.path, "cannot be replaced", errno) }
        isOver.withLock { $0 = true }
        try Self.synchronize(target.folder)
    }

    func abandon() {
        let wasOver = isOver.withLock { isOver in
            defer { isOver = true }
            return isOver
        }
        guard !wasOver else { return }
        connection.close()
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Counts what there is, once for all who ask later.
    private func note(_ time: Timestamp) throws {
        let session = SQLiteSession(connection: connection)
        var ecosystems: [JSONValue] = []
        try session.query(
            """
            SELECT ecosystem, count(DISTINCT record), max(modified) FROM package JOIN record ON record.number = package.record
            GROUP BY ecosystem ORDER BY ecosystem
            """, []
        ) { row in
            let newest = row.integer(2).map { Timestamp(microseconds: $0).rfc3339 }
            ecosystems.append(["name": JSONValue(row.text(0)), "records": JSONValue(row.integer(1)), "newest": JSONValue(newest)])
        }
        var facts = ["imported": time.rfc3339, "ecosystems": JSONValue.array(ecosystems).text]
        try session.query("SELECT count(*), max(modified) FROM record", []) { row in
            facts["records"] = String(row.integer(0) ?? 0)
            facts["newest"] = row.integer(1).map { Timestamp(microseconds: $0).rfc3339 }
        }
        for (key, value) in facts { try put(key, value) }
    }

    private func put(_ key: String, _ value: String) throws {
        try SQLiteSession(connection: connection).query(
            "INSERT OR REPLACE INTO meta(key, value) VALUES($1, $2)", [.text(key), .text(value)]
        ) { _ in }
    }

    private static func setUp(_ connection: SQLiteConnection, isNew: Bool) throws {
        // The connection keeps its file to itself, and what is lost in a crash is made again.
        try connection.control("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.texts("PRAGMA journal_mode = OFF")
        try connection.control("PRAGMA synchronous = OFF")
        try connection.control("PRAGMA cache_size = -65536")
        try connection.control("PRAGMA temp_store = MEMORY")
        guard isNew else {
            // Found by record where one is replaced, and of no use to readers.
            try connection.control("CREATE INDEX IF NOT EXISTS package_record ON package(record)")
            try connection.control("CREATE INDEX IF NOT EXISTS name_record ON name(record)")
            return
        }
        try connection.control("PRAGMA application_id = \(AdvisoryFile.applicationID)")
        try connection.control("PRAGMA user_version = \(AdvisoryFile.layout)")
        for table in AdvisoryFile.tables { try connection.control(table) }
        try connection.control("CREATE INDEX package_record ON package(record)")
        try connection.control("CREATE INDEX name_record ON name(record)")
    }

    // MARK: Files

    static func makeFolder(_ folder: String) throws {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw SQLiteFile.unusable(folder, "cannot be made", errno) }
    }

    private static func lock(_ folder: String) throws -> OpenFile {
        let path = folder + "/import.lock"
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SQLiteFile.unusable(path, "cannot be opened", errno) }
        let file = OpenFile(adopting: descriptor, size: 0)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw SaveError(.conflict, "advisories are being imported already: wait for the end of that, and try again")
        }
        return file
    }

    /// Whether there are records to add others to.
    private static func isThere(_ target: AdvisoryFile) throws -> Bool {
        do {
            return try target.open() != nil
        } catch {
            throw SaveError(
                .storageUnavailable,
                "the advisories that are here cannot be read, so none can be added to them: import all of them with --replace "
                    + "(?replace=true)", underlying: error)
        }
    }

    private static func copy(_ source: String, to target: String) throws {
        do {
            try FileManager.default.copyItem(atPath: source, toPath: target)
        } catch {
            throw SaveError(
                .storageFull, "the advisories cannot be copied to add others to them: free some space on the disk",
                underlying: error)
        }
    }

    private static func synchronize(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw SQLiteFile.unusable(path, "cannot be opened", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SQLiteFile.unusable(path, "cannot be written", errno) }
    }
}
