internal import Foundation
internal import SavePlatform

/// The folder that holds everything a server keeps, locked for one server as long as this object lives.
package final class DataDirectory: Sendable {
    /// The folder, with all links resolved.
    package let path: String
    /// The embedded database.
    package var databasePath: String { path + "/save.db" }
    /// The root of the blob store.
    package var blobsPath: String { path + "/blobs" }
    private let lock: DirectoryLock

    /// Creates the folder for its owner only when it is missing, and locks it. Blocks for a moment.
    ///
    /// - Throws: `storageUnavailable` with one sentence when it cannot be used: another server has it, everybody may write
    ///   to it, or it holds files but no database.
    package init(_ path: String) throws {
        try Self.create(path)
        guard let real = realpath(path, nil) else { throw Self.unusable("cannot be opened", errno) }
        defer { free(real) }
        self.path = String(cString: real)
        let folder = try Folder(at: self.path)
        var facts = stat()
        guard fstat(folder.descriptor, &facts) == 0 else { throw Self.unusable("cannot be opened", errno) }
        guard facts.st_mode & S_IWOTH == 0 else {
            throw Self.unusable("may be written to by every user of this machine; remove that permission (chmod o-w)", 0)
        }
        lock = try DirectoryLock(folder)
        try Self.refuseLostDatabase(folder)
    }

    private static func create(_ path: String) throws {
        var existing = stat()
        guard stat(path, &existing) != 0 else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw unusable("cannot be created", 0)
        }
    }

    /// A fresh database beside old files would make all of them look unneeded.
    private static func refuseLostDatabase(_ folder: Folder) throws {
        var facts = stat()
        let hasDatabase = fstatat(folder.descriptor, "save.db", &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_size > 0
        guard !hasDatabase, let blobs = try folder.folder("blobs") else { return }
        guard try blobs.names().allSatisfy({ $0 == "tmp" }) else {
            throw unusable("holds stored files but no database; restore save.db from a backup", 0)
        }
    }

    private static func unusable(_ what: String, _ code: Int32) -> SaveError {
        SaveError(
            .storageUnavailable, "the data directory \(what)" + (code == 0 ? "" : ": " + String(cString: strerror(code))))
    }
}
