internal import Foundation
internal import SaveDigest
internal import SavePlatform

/// The server's own 32 random bytes: API keys are hashed, cursors signed and upstream passwords sealed with them.
///
/// Kept beside the database and not in it, so that a copy of the database gives nothing away.
enum ServerKey {
    /// The key in a data directory, made on first use (mode 0600).
    ///
    /// - Throws: `invalidConfiguration` when the file is readable by others or has another size.
    static func load(from data: String) throws -> [UInt8] {
        let path = data + "/server.key"
        if FileManager.default.fileExists(atPath: path) { return try read(path) }
        let key = try Secrets.random(32)
        try PrivateFile.write(key, to: path)
        return key
    }

    /// The key in a file.
    static func read(_ path: String) throws -> [UInt8] {
        var facts = stat()
        guard stat(path, &facts) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw SaveError(.invalidConfiguration, "the server's key \(path) cannot be read")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw SaveError(
                .invalidConfiguration, "the server's key \(path) can be read by others; make it private: chmod 600 \(path)")
        }
        guard data.count == 32 else {
            throw SaveError(.invalidConfiguration, "the server's key \(path) is damaged: it has \(data.count) bytes, not 32")
        }
        return Array(data)
    }
}

/// Files that only the server's own user may read.
enum PrivateFile {
    /// Writes a new file durably: a temporary name, synced, renamed.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        Log.write(bytes, to: descriptor)
        var facts = stat()
        let isWhole = fsync(descriptor) == 0 && fstat(descriptor, &facts) == 0 && Int(facts.st_size) == bytes.count
        close(descriptor)
        guard isWhole, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw failure(path)
        }
    }

    private static func failure(_ path: String) -> SaveError {
        SaveError(.storageUnavailable, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
