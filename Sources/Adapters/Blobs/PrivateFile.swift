internal import CLinuxFiles
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Small files that only the server's own user may read.
package enum PrivateFile {
    /// Writes a file durably, in place of what has its name: a temporary name, synced, renamed, the folder synced.
    ///
    /// - Throws: `storageUnavailable`, naming the file.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path, errno) }
        var code = Log.write(bytes, to: descriptor) && DiskSync.file(descriptor) ? 0 : errno
        close(descriptor)
        if code == 0, rename(temporary, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(temporary)
            throw failure(path, code)
        }
        try DiskSync.folder(of: path)
    }

    private static func failure(_ path: String, _ code: Int32) -> SaveError {
        SaveError(.storageUnavailable, "\(path) cannot be written: \(String(cString: strerror(code)))")
    }
}
