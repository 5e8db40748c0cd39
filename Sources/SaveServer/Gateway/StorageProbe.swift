internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Whether the data directory is still the one that the server opened, and still takes writes.
///
/// A server goes on with the files that it holds open when its directory is moved away or its disk is taken out, and what it
/// acknowledges then is found by nobody. So it looks whether the lock that it holds is still under its name, and writes to it.
package final class StorageProbe: Sendable {
    private let path: String
    private let device: UInt64
    private let inode: UInt64
    private let beforeWrite: @Sendable () throws -> Void
    private let pool = BlockingPool(name: "probe", threads: 1)

    /// - Parameters:
    ///   - path: the lock file in the data directory, by the path that the operator named.
    ///   - beforeWrite: called before each write, for tests: what it throws fails the write.
    /// - Throws: `storageUnavailable` when the file is not there.
    package init(
        lock path: String, beforeWrite: @escaping @Sendable () throws -> Void = {}
    ) throws {
        self.path = path
        self.beforeWrite = beforeWrite
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw PathFailure.error("the file", path, "cannot be looked at", errno) }
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
    }

    package func stop() { pool.stop() }

    /// Whether the directory is in its place; microseconds on a local disk.
    package var isInPlace: Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && UInt64(facts.st_dev) == device && UInt64(facts.st_ino) == inode
    }

    /// What is wrong with the directory; nil where it is in order. Takes as long as the disk does.
    package func problem() async -> String? {
        let problem = try? await pool.run { [self] in look() }
        return problem ?? nil
    }

    /// Writes what is in the lock file already, so that nothing changes and no space is needed.
    private func look() -> String? {
        guard isInPlace else { return "the data directory is not where it was: it was moved, or its disk is not mounted" }
        let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return failure(errno) }
        defer { close(descriptor) }
        do { try beforeWrite() } catch { return failure(EIO) }
        let line = Array("\(getpid())\n".utf8)
        let written = pwrite(descriptor, line, line.count, 0)
        guard written >= 0 else { return failure(errno) }
        // All of it was there before: a disk that takes a part of it fails.
        guard written == line.count else { return failure(EIO) }
        return fdatasync(descriptor) == 0 ? nil : failure(errno)
    }

    private func failure(_ code: Int32) -> String? {
        // A full disk is no reason to send readers elsewhere: what is on it is served, and uploads are told why they are refused.
        if code == ENOSPC || code == EDQUOT { return nil }
        return "the data directory cannot be written: \(String(cString: strerror(code)))"
    }
}
