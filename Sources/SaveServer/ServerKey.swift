internal import FoundationEssentials
internal import Glibc
internal import SaveBlobs
internal import SaveDigest
internal import SavePlatform

/// The server's own 32 random bytes: API keys are hashed, cursors signed and upstream passwords sealed with them.
///
/// Kept beside the database and not in it, so that a copy of the database gives nothing away. A file beside it, `server.key.check`, tells
/// this key from every other one and gives nothing away either: a key of another server has the right size, and with it no API key
/// would sign in and no upstream's password could be read.
enum ServerKey {
    /// Makes a key (mode 0600), unless there is one.
    static func create(at path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try PrivateFile.write(try Secrets.random(32), to: path)
    }

    /// Notes which key it is, where that is not noted yet: in a new directory, or in one of an earlier version. A disk that takes no byte
    /// does not keep a server from starting; the next start notes it.
    static func noteIdentity(at path: String) {
        guard !FileManager.default.fileExists(atPath: checkPath(of: path)), let key = try? read(path) else { return }
        try? PrivateFile.write(check(of: key), to: checkPath(of: path))
    }

    /// Writes a key and which one it is, in place of what is there.
    static func write(_ key: [UInt8], to path: String) throws {
        try PrivateFile.write(key, to: path)
        try PrivateFile.write(check(of: key), to: checkPath(of: path))
    }

    private static func checkPath(of path: String) -> String { path + ".check" }

    /// A line that only the key leads to.
    private static func check(of key: [UInt8]) -> [UInt8] {
        Array((Hex.encode(Secrets.hmacSHA256(key: key, Array("which key this is".utf8))) + "\n").utf8)
    }

    /// What tells the key in a file from every other one.
    ///
    /// - Throws: as `read`.
    static func identity(at path: String) throws -> String {
        String(decoding: check(of: try read(path)).dropLast(), as: UTF8.self)
    }

    /// The key in a file.
    ///
    /// - Throws: `invalidConfiguration` when the file is not there, is readable by others, has another size or is another key than the one
    ///   that was noted.
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
        let key = Array(data)
        if let noted = FileManager.default.contents(atPath: checkPath(of: path)), !Secrets.areEqual(Array(noted), check(of: key))
        {
            throw SaveError(
                .invalidConfiguration,
                "the server's key \(path) is not the key that the data beside it was made with: put the right one back from a backup. To go on with this one, remove \(checkPath(of: path)); every API key and every upstream's password has to be made again then"
            )
        }
        return key
    }
}
