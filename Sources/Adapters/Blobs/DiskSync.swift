internal import CLinuxFiles
internal import FoundationEssentials
internal import Glibc
internal import SavePlatform
internal import Synchronization

/// The calls that make files, names and file systems durable, all in one place.
///
/// A file's bytes are durable when the file was synced, and its name when the folder was: fsync(2), "Calling fsync() does
/// not necessarily ensure that the entry in the directory containing the file has also reached disk."
package enum DiskSync {
    /// What was made durable, by path.
    package enum Event: Sendable, Equatable {
        case file(String), folder(String), fileSystem(String)
    }

    private static let watchers = Mutex<[@Sendable (Event) -> Void]>([])

    /// Tells of every sync of this process from now on, after it was done: for tests.
    package static func watch(_ watcher: @escaping @Sendable (Event) -> Void) { watchers.withLock { $0.append(watcher) } }

    /// Makes an open file's bytes durable.
    ///
    /// - Returns: whether they are; else `errno` says why.
    package static func file(_ descriptor: Int32) -> Bool {
        guard fsync(descriptor) == 0 else { return false }
        tell(descriptor) { .file($0) }
        return true
    }

    /// Makes the names in an open folder durable.
    package static func folder(_ descriptor: Int32) -> Bool {
        guard fsync(descriptor) == 0 else { return false }
        tell(descriptor) { .folder($0) }
        return true
    }

    /// Makes the names in a folder durable.
    ///
    /// - Throws: `storageUnavailable`, naming the folder.
    package static func folder(at path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard folder(descriptor) else { throw failure(path) }
    }

    /// Makes the names in the folder that holds a file durable.
    package static func folder(of path: String) throws {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        try folder(at: slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
    }

    /// Makes everything durable that was written to the file system of an open folder. syncfs(2): since Linux 5.8 it reports
    /// what could not be written since the descriptor was opened.
    package static func fileSystem(_ descriptor: Int32) -> Bool {
        guard save_sync_file_system(descriptor) == 0 else { return false }
        tell(descriptor) { .fileSystem($0) }
        return true
    }

    /// - Parameter code: what the call before failed with.
    private static func failure(_ path: String, _ code: Int32 = errno) -> SaveError {
        SaveError(
            .storageUnavailable, "\(path) cannot be synced: \(String(cString: strerror(code)))",
            underlying: SystemCallError(code: code))
    }

    private static func tell(_ descriptor: Int32, _ event: (String) -> Event) {
        let watchers = watchers.withLock { $0 }
        guard !watchers.isEmpty else { return }
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        for watcher in watchers { watcher(event(path ?? "")) }
    }
}
