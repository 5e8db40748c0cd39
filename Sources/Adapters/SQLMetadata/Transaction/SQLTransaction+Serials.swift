internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The count of changes of packages.
///
/// With one writer a larger number is never committed before a smaller one: who has seen a number has seen all changes up to it. With
/// several, that holds for each package: the numbers of one package rise in the order of its commits, since two changes of its row
/// cannot be under way at once.
extension SQLTransaction {
    func serial(ofRepository repository: Int64) throws -> Int64 {
        let statement =
            dialect.hasOneWriter
            ? "SELECT serial FROM repositories WHERE id = $1"
            : "SELECT max(serial) FROM repository_serials WHERE repository_id = $1"
        return try session.integer(statement, [.integer(repository)])
    }

    func renewSerials(_ repository: Int64) throws {
        let number = try count(repository)
        try session.execute("UPDATE packages SET serial = \(number) WHERE repository_id = $1", [.integer(repository)])
    }

    /// Counts a change of a package.
    func count(_ repository: Int64, _ package: String) throws {
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
    /// - Returns: the number, as an expression.
    @discardableResult
    func count(_ repository: Int64) throws -> String {
        guard dialect.hasOneWriter else {
            let statement = """
                INSERT INTO repository_serials (repository_id, serial) VALUES ($1, nextval('change_serials')) RETURNING serial
                """
            return String(try session.integer(statement, [.integer(repository)]))
        }
        let now: SQLValue = .integer(PlatformClock.system.now().seconds)
        try session.execute("UPDATE change_serial SET last = CASE WHEN last < $1 THEN $1 ELSE last + 1 END", [now])
        try session.execute(
            "UPDATE repositories SET serial = (SELECT last FROM change_serial) WHERE id = $1", [.integer(repository)])
        return "(SELECT last FROM change_serial)"
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
