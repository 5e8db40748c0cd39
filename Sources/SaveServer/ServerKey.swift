internal import Foundation
internal import SaveBlobs
internal import SaveDigest
internal import SavePlatform

/// The server's own 32 random bytes: API keys are hashed, cursors signed and upstream passwords sealed with them.
///
/// Kept beside the database and not in it, so that a copy of the database gives nothing away.
enum ServerKey {
    /// Makes a key (mode 0600), unless there is one.
    static func create(at path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try PrivateFile.write(try Secrets.random(32), to: path)
    }

    /// The key in a file.
    ///
    /// - Throws: `invalidConfiguration` when the file is not there, is readable by others or has another size.
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
