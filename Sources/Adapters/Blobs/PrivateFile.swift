internal import CLinuxFiles
internal import Foundation
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
        guard descriptor >= 0 else { throw failure(path) }
        Log.write(bytes, to: descriptor)
        var facts = stat()
        let isWhole = DiskSync.file(descriptor) && fstat(descriptor, &facts) == 0 && Int(facts.st_size) == bytes.count
        close(descriptor)
        guard isWhole, rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        try DiskSync.folder(of: path)
    }

    private static func failure(_ path: String) -> SaveError {
        SaveError(.storageUnavailable, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
