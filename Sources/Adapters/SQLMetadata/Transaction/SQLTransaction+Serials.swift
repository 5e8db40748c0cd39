internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The count of changes of packages.
///
/// A larger number is never committed before a smaller one of the same repository: a client that has seen a number has seen all
/// changes of the repository up to it. With one writer that is so by itself. Several writers note what they change, and take the
/// number when all else is done, behind a lock of the repository that ends with the transaction (`numberChanges`).
extension SQLTransaction {
    func serial(ofRepository repository: Int64) throws -> Int64 {
        let statement =
            dialect.hasOneWriter
            ? "SELECT serial FROM repositories WHERE id = $1"
            : "SELECT max(serial) FROM repository_serials WHERE repository_id = $1"
        return try session.integer(statement, [.integer(repository)])
    }

    func renewSerials(_ repository: Int64) throws {
        if let counted { return counted.noteAll(repository) }
        let number = try count(repository)
        try session.execute("UPDATE packages SET serial = \(number) WHERE repository_id = $1", [.integer(repository)])
    }

    /// Counts a change of a package.
    func count(_ repository: Int64, _ package: String) throws {
        if let counted { return counted.note(repository, package) }
        let number = try count(repository)
        try session.execute(
            "UPDATE packages SET serial = \(number) WHERE repository_id = $1 AND name = $2",
            [.integer(repository), .text(package)])
    }

    /// Counts the change of a file, if somebody uploaded it: a proxy's cache is no change of what is offered.
    func countChange(ofFileAt path: AssetPath, _ repository: Int64) throws {
        let package = try session.first(
            "SELECT package FROM assets WHERE repository_id = $1 AND path = $2 AND uploaded_by IS NOT NULL",
            [.integer(repository), .text(path.text)]
        ) { $0.optionalText() }
        if let package, let package { try count(repository, package) }
    }

    /// Counts a change of something in a repository. At least the time, so that the count does not go back with a database of
    /// yesterday that was put back; a sequence is brought up to the time when the database is opened (`advanceSerials`).
    ///
    /// - Returns: the number, as an expression. With several writers it is one for the meantime, larger than all that the transaction sees.
    @discardableResult
    func count(_ repository: Int64) throws -> String {
        guard dialect.hasOneWriter else {
            let number = try session.integer("SELECT nextval('change_serials')")
            counted?.noteMeantime(number)
            return String(number)
        }
        let now: SQLValue = .integer(PlatformClock.system.now().seconds)
        try session.execute("UPDATE change_serial SET last = CASE WHEN last < $1 THEN $1 ELSE last + 1 END", [now])
        try session.execute(
            "UPDATE repositories SET serial = (SELECT last FROM change_serial) WHERE id = $1", [.integer(repository)])
        return "(SELECT last FROM change_serial)"
    }

    /// Numbers what the transaction changed. The last thing that a transaction of several writers does.
    ///
    /// The lock is one of two numbers (PostgreSQL 15, 9.27.10): "SAVE" and the repository. Repositories go by their ids, so that no two
    /// transactions wait for each other.
    func numberChanges() throws {
        guard let counted else { return }
        for (repository, changed) in counted.repositories {
            _ = try session.integer(
                "SELECT pg_advisory_xact_lock(1396790853, ($1 % 2147483647)::int)", [.integer(repository)])
            let number = try session.integer(
                """
                INSERT INTO repository_serials (repository_id, serial) VALUES ($1, nextval('change_serials')) RETURNING serial
                """, [.integer(repository)])
            let set = """
                UPDATE packages SET serial = $2,
                  attributes_serial = CASE WHEN attributes_serial >= $3 THEN $2 ELSE attributes_serial END WHERE repository_id = $1
                """
            let values: [SQLValue] = [.integer(repository), .integer(number), .integer(counted.meantime ?? .max)]
            if changed.isAll { try session.execute(set, values) }
            for name in changed.isAll ? [] : changed.packages.sorted() {
                try session.execute("\(set) AND name = $4", values + [.text(name)])
            }
        }
    }

    /// Removes the numbers that are not the highest of their repository.
    func tidySerials() throws {
        try session.execute(
            """
            DELETE FROM repository_serials AS old WHERE EXISTS (
              SELECT 1 FROM repository_serials AS later WHERE later.repository_id = old.repository_id AND later.serial > old.serial)
            """, [])
    }

    /// Brings the sequence up to the time. Another process may count meanwhile, hence the distance.
    func advanceSerials(to now: Timestamp) throws {
        try session.query(
            "SELECT setval('change_serials', $1 + 1000) FROM change_serials WHERE last_value < $1", [.integer(now.seconds)]
        ) { _ in }
    }
}

/// What one transaction of several writers changed and has no number yet. Used by that transaction alone.
final class CountedChanges {
    struct Changes {
        var packages: Set<String> = []
        var isAll = false
    }

    private var changes: [Int64: Changes] = [:]
    /// The first number that was taken for the meantime.
    private(set) var meantime: Int64?

    func note(_ repository: Int64, _ package: String) { changes[repository, default: Changes()].packages.insert(package) }
    func noteAll(_ repository: Int64) { changes[repository, default: Changes()].isAll = true }
    func noteMeantime(_ number: Int64) { meantime = meantime ?? number }

    var repositories: [(Int64, Changes)] { changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
