internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// The database file before SQLite sees it.
struct SQLiteFile {
    /// The path with all links of the folder resolved; the file itself must not be a link.
    let path: String
    let isNew: Bool

    private static let magic = Array("SQLite format 3\0".utf8)

    /// Creates the file when it is missing, readable by its owner only, and looks at its first bytes.
    ///
    /// - Throws: `storageUnavailable` when there is something that is not a database.
    init(preparing path: String) throws {
        self.path = try Self.resolved(path)
        // SQLite gives its log the mode of the database file.
        var descriptor = Glibc.open(self.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            isNew = true
            return
        }
        // O_NONBLOCK: opening a pipe would wait for its other end.
        descriptor = Glibc.open(self.path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unusable(self.path, "cannot be opened for reading and writing", errno) }
        let file = OpenFile(adopting: descriptor, size: 0)
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw Self.unusable(self.path, "is not a plain file", mend: Self.other)
        }
        isNew = facts.st_size == 0
        guard !isNew else { return }
        guard try file.read(at: 0, count: Self.magic.count) == Self.magic else {
            throw Self.unusable(self.path, "is not a SQLite database, or its header is damaged", mend: Self.restore)
        }
    }

    private static func resolved(_ path: String) throws -> String {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(path[...$0]) } ?? "."
        let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
        guard let real = realpath(folder, nil) else { throw unusable(path, "is in a folder that is not there", errno) }
        defer { free(real) }
        return String(cString: real) + "/" + name
    }

    /// What to do about a file that is damaged.
    static let restore =
        "keep a copy of the data directory as it is, and restore the last backup into another one (save-server restore)"
    /// What to do about a file that is not a server's.
    static let other = "--data names the data directory of a server"

    static func unusable(_ path: String, _ what: String, _ code: Int32 = 0, mend: String? = nil) -> SaveError {
        PathFailure.error("the database file", path, what, code, mend: mend)
    }
}
