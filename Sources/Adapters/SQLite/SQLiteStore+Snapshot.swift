internal import FoundationEssentials
internal import Glibc
internal import SavePlatform
internal import SaveSQLMetadata

extension SQLiteStore {
    /// Writes a copy of a database as it is at one moment, also while a server uses it. Blocks.
    ///
    /// - Parameters:
    ///   - path: the database; it must be there.
    ///   - target: a file that is not there yet; durable when this returns.
    /// - Throws: `storageUnavailable` for a database that cannot be read, `storageFull`.
    package static func snapshot(of path: String, to target: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw SaveError(.storageUnavailable, "there is no database at \(path)")
        }
        do {
            try copy(try SQLiteFile(preparing: path), to: target)
        } catch let error as SaveError {
            throw SQLiteOpeningFailure.explained(error, path)
        }
    }

    private static func copy(_ original: SQLiteFile, to target: String) throws {
        let source = try SQLiteConnection(path: original.path, busyMilliseconds: 5000)
        defer { source.close() }
        try recognize(source, original.path)
        // sqlite.org/lang_vacuum.html: the file "must not … exist or else … be an empty file". Made here, it is its owner's only.
        let file = try SQLiteFile(preparing: target)
        guard file.isNew else { throw SaveError(.conflict, "there is a file at \(target) already") }
        try source.control("VACUUM INTO $1", [.text(file.path)])
        let descriptor = Glibc.open(file.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw SQLiteFile.unusable(target, "cannot be copied", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SQLiteFile.unusable(target, "cannot be copied", errno) }
    }
}
