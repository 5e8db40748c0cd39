internal import Foundation
internal import SavePlatform

/// Keeps a directory to one process as long as this object lives.
package final class DirectoryLock: Sendable {
    /// The file in the directory that is locked.
    package static let name = "lock"
    private let file: OpenFile

    /// Locks a directory.
    ///
    /// - Throws: `storageUnavailable` when another process has it.
    package convenience init(_ path: String) throws { try self.init(try Folder(at: path), at: path) }

    init(_ folder: Folder, at path: String) throws {
        let descriptor = openat(folder.descriptor, Self.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.current("the directory \(path) cannot be locked") }
        file = OpenFile(adopting: descriptor, size: 0)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK
                ? SaveError(.storageUnavailable, "the directory \(path) is in use by another server or command")
                : FileFailure.current("the directory \(path) cannot be locked")
        }
    }
}
