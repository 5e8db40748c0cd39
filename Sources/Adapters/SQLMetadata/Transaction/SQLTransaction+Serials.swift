internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The count of changes of packages. Writes happen one after the other, so a larger number is never committed before a smaller one:
/// who has seen a number has seen all changes up to it.
extension SQLTransaction {
    func serial(ofRepository repository: Int64) throws -> Int64 {
        try session.first("SELECT serial FROM repositories WHERE id = $1", [.integer(repository)]) { try $0.integer() } ?? 0
    }

    func renewSerials(_ repository: Int64) throws {
        try count(repository)
        try session.execute(
            "UPDATE packages SET serial = (SELECT last FROM change_serial) WHERE repository_id = $1", [.integer(repository)])
    }

    /// Counts a change of a package.
    func count(_ repository: Int64, _ package: String) throws {
        try count(repository)
        try session.execute(
            "UPDATE packages SET serial = (SELECT last FROM change_serial) WHERE repository_id = $1 AND name = $2",
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

    /// Counts a change of something in a repository. At least the time, so that the count does not go back with a database of yesterday that was put back.
    func count(_ repository: Int64) throws {
        let now: SQLValue = .integer(PlatformClock.system.now().seconds)
        try session.execute("UPDATE change_serial SET last = CASE WHEN last < $1 THEN $1 ELSE last + 1 END", [now])
        try session.execute(
            "UPDATE repositories SET serial = (SELECT last FROM change_serial) WHERE id = $1", [.integer(repository)])
    }
}
