internal import Glibc
internal import SaveBlobs
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// Whole files that are on the disk when a function here returns.
enum DurableFile {
    /// Copies a file to a place where there is none, for its owner only.
    ///
    /// - Returns: the SHA-256 of what was copied, in hexadecimal.
    static func copy(_ path: String, to target: String) throws -> String {
        let source = try open(path, O_RDONLY)
        let copy = try open(target, O_WRONLY | O_CREAT | O_EXCL)
        let digest = try digest(of: source) { bytes in
            guard Log.write(bytes, to: copy.descriptor) else { throw failure(target) }
        }
        guard DiskSync.file(copy.descriptor) else { throw failure(target) }
        try DiskSync.folder(of: target)
        return digest
    }

    /// Removes what SQLite keeps beside a database that is closed, which is empty: it would stay under a name that is gone.
    static func removeLogs(of database: String) {
        for suffix in ["-wal", "-shm"] { unlink(database + suffix) }
    }

    /// Gives a file another name in the same directory, in place of what has that name.
    ///
    /// - Returns: the SHA-256 of the file, in hexadecimal.
    static func move(_ path: String, to target: String) throws -> String {
        let file = try open(path, O_RDONLY)
        let digest = try digest(of: file) { _ in }
        guard DiskSync.file(file.descriptor), rename(path, target) == 0 else { throw failure(target) }
        try DiskSync.folder(of: target)
        return digest
    }

    private static func digest(of file: OpenFile, _ each: ([UInt8]) throws -> Void) throws -> String {
        let sha256 = StreamingDigest(.sha256)
        var offset: Int64 = 0
        while true {
            let bytes = try file.read(at: offset, count: 1 << 20)
            guard !bytes.isEmpty else { return Hex.encode(sha256.finish()) }
            sha256.update(bytes)
            try each(bytes)
            offset += Int64(bytes.count)
        }
    }

    private static func open(_ path: String, _ flags: Int32) throws -> OpenFile {
        let descriptor = Glibc.open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        return OpenFile(adopting: descriptor, size: 0)
    }

    /// - Parameter code: what the call before failed with.
    private static func failure(_ path: String, _ code: Int32 = errno) -> SaveError {
        let isFull = code == ENOSPC || code == EDQUOT
        return SaveError(
            isFull ? .storageFull : .storageUnavailable, "\(path) cannot be used: \(String(cString: strerror(code)))")
    }
}
