internal import FoundationEssentials
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// The folder that holds everything a server keeps, locked for one server as long as this object lives.
package final class DataDirectory: Sendable {
    /// What a directory is opened for.
    package enum Purpose: Sendable {
        /// Serving: a new one is made where there is nothing.
        case serving
        /// Working on what a server has left; there has to be something.
        case maintenance
        /// Restoring a backup; there has to be nothing.
        case restoring
    }

    /// The folder, with all links resolved.
    package let path: String
    /// Whether parts that are missing are to be made: until `complete`.
    package let isNew: Bool
    /// The embedded database.
    package var databasePath: String { path + "/save.db" }
    /// The root of the blob store.
    package var blobsPath: String { path + "/blobs" }
    /// Copies of files that are kept in a bucket, and what is on its way there.
    package var copiesPath: String { path + "/" + Self.copies }
    /// The server's own key.
    package var keyPath: String { path + "/server.key" }
    private let lock: DirectoryLock

    /// Names that a server leaves in its directory and that mean that there was one.
    private static let traces = [
        "save.db", "save.db-wal", "save.db.new", "server.key", "server.key.check", "audit-anchors", "initial-admin-password",
        "backup.json",
    ]

    private static let copies = "blob-copies"

    /// Opens the folder and locks it. Blocks for a moment.
    ///
    /// - Parameters:
    ///   - hasDatabase: whether the database is to be in it; false where the records are in another program's.
    ///   - keepsFiles: whether the stored files are in it, and not in a bucket.
    /// - Throws: `storageUnavailable` with one sentence when it cannot be used: another server has it, everybody may write
    ///   to it, or a part of what was there is missing. `conflict` for a restore into one that is not empty.
    package init(
        _ path: String, for purpose: Purpose = .serving, hasDatabase: Bool = true, keepsFiles: Bool = true
    ) throws {
        if purpose == .maintenance { try Self.refuseMissing(path) } else { try DurableFolder.create(path) }
        guard let real = realpath(path, nil) else { throw Self.unusable(path, "cannot be opened", errno) }
        defer { free(real) }
        self.path = String(cString: real)
        let folder = try Folder(at: self.path)
        var facts = stat()
        guard fstat(folder.descriptor, &facts) == 0 else { throw Self.unusable(path, "cannot be opened", errno) }
        guard facts.st_mode & S_IWOTH == 0 else {
            throw Self.unusable(
                path, "may be written to by every user of this machine; remove that permission: chmod o-w \(path)")
        }
        lock = try DirectoryLock(folder, at: path)
        let names = Set(try folder.names())
        guard hasDatabase || !names.contains("save.db") else {
            throw Self.unusable(
                path,
                "holds a server's own database, save.db, and the configuration names another one: leave `database` out to go on with this one, or name an empty directory with --data"
            )
        }
        let missing = try Self.missing(from: folder, names, hasDatabase: hasDatabase, keepsFiles: keepsFiles)
        let state = try DataDirectoryState(in: self.path)
        switch (purpose, state) {
        case (.restoring, _):
            guard names == [DirectoryLock.name] else {
                throw SaveError(.conflict, "\(path) is not empty: a backup is restored into a directory of its own")
            }
            try DataDirectoryState.restoring.write(to: self.path)
            isNew = true
        case (_, .restoring):
            throw Self.unusable(
                path, "holds a restore that did not end; remove what is in it and run save-server restore again")
        case (.serving, .initializing):
            isNew = true
        case (.serving, nil)
        where names.isDisjoint(with: Self.traces) && (missing.contains(.storedFiles) || !keepsFiles):
            try DataDirectoryState.initializing.write(to: self.path)
            isNew = true
        case (_, .ready), (_, nil), (.maintenance, .initializing):
            if let part = missing.first {
                guard part == .storedFiles, names.contains(Self.copies) else { throw part.loss(from: path) }
                throw Self.unusable(
                    path, "holds a database whose files are kept in a bucket: `blobs` in the configuration has to name it")
            }
            // One that an earlier version made has no such file yet.
            if state == nil { try DataDirectoryState.ready.write(to: self.path) }
            isNew = false
        }
        // Names that an earlier process has made and not synced.
        try DiskSync.folder(at: self.path)
    }

    /// Notes that everything is there: what is missing from now on was lost. Call it when all parts are made.
    package func complete() throws {
        try DiskSync.folder(at: path)
        if isNew { try DataDirectoryState.ready.write(to: path) }
    }

    // MARK: - Parts

    private enum Part {
        case database, key, storedFiles

        func loss(from path: String) -> SaveError {
            switch self {
            case .database:
                DataDirectory.unusable(
                    path,
                    "holds a server's files, but its database, \(path)/save.db, is missing or empty: put it back from a backup, or restore the whole backup into another directory"
                )
            case .key:
                DataDirectory.unusable(
                    path,
                    "holds a server's data, but its key, \(path)/server.key, is missing, and without it no API key and no upstream's password is of use: put it back from a backup. Where there is none, a new one (head -c 32 /dev/urandom, mode 0600) lets the server start once \(path)/server.key.check is removed; make new API keys then, and set the upstream passwords again"
                )
            case .storedFiles:
                DataDirectory.unusable(
                    path,
                    "holds a database, but the stored files in \(path)/blobs are missing: mount them, or put them back from a backup"
                )
            }
        }
    }

    /// The parts of a server's data that are not there, the gravest first.
    private static func missing(
        from folder: Folder, _ names: Set<String>, hasDatabase isWanted: Bool, keepsFiles: Bool
    ) throws -> [Part] {
        var facts = stat()
        var missing: [Part] = []
        let isThere = fstatat(folder.descriptor, "save.db", &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_size > 0
        let hasDatabase = isThere || !isWanted
        if !hasDatabase { missing.append(.database) }
        if !names.contains("server.key") { missing.append(.key) }
        // A file system that is not mounted leaves an empty folder behind.
        let stored = try folder.folder("blobs")?.names() ?? []
        guard keepsFiles else {
            guard stored.allSatisfy({ $0 == "tmp" }) else {
                throw SaveError(
                    .storageUnavailable,
                    "the data directory has stored files in its folder blobs, and `blobs` in the configuration names a bucket that does not have them: take the key away, or make a backup with it away and restore that into an empty directory with it in place"
                )
            }
            return missing
        }
        if hasDatabase ? stored.isEmpty : stored.allSatisfy({ $0 == "tmp" }) { missing.append(.storedFiles) }
        return missing
    }

    private static func refuseMissing(_ path: String) throws {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw SaveError(
                .storageUnavailable,
                "there is no server's data in \(path): it does not exist; --data, SAVE_DATA or `data` in the configuration file says where it is"
            )
        }
        guard isFolder else { throw unusable(path, "is not a directory") }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        guard names.contains(DataDirectoryState.file) || names.contains(where: traces.contains) else {
            throw SaveError(
                .storageUnavailable,
                "there is no server's data in \(path): it has none of a server's files; --data, SAVE_DATA or `data` in the configuration file says where it is"
            )
        }
    }

    private static func unusable(_ path: String, _ what: String, _ code: Int32 = 0) -> SaveError {
        PathFailure.error("the data directory", path, what, code)
    }
}
