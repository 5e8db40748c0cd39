internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Keeps a directory to one process as long as this object lives.
package final class DirectoryLock: Sendable {
    /// The file in the directory that is locked.
    package static let name = "lock"
    private let file: OpenFile

    /// Locks a directory, and writes into the file who has it.
    ///
    /// - Throws: `storageUnavailable` when another process has it, `storageFull` when there is no room for the file.
    package convenience init(_ path: String) throws { try self.init(try Folder(at: path), at: path) }

    init(_ folder: Folder, at path: String) throws {
        let descriptor = openat(folder.descriptor, Self.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PathFailure.error("the directory", path, "cannot be locked", errno) }
        file = OpenFile(adopting: descriptor, size: 0)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw PathFailure.error("the directory", path, "cannot be locked", errno) }
            let holder = Self.holder(file).map { " (process \($0))" } ?? ""
            throw PathFailure.error(
                "the directory", path, "is in use by another server or command\(holder)",
                mend: "stop that one first, or name another directory with --data")
        }
        // Only for the sentence above: a full disk does not keep anybody from the lock.
        let line = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, line, line.count, 0) }
    }

    private static func holder(_ file: OpenFile) -> Int32? {
        guard let bytes = try? file.read(at: 0, count: 32) else { return nil }
        return Int32(String(decoding: bytes.prefix(while: ASCII.isDigit), as: UTF8.self))
    }
}
