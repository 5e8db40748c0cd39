internal import Glibc
internal import SavePlatform

/// A failed system call in the platform's terms.
enum FileFailure {
    /// The error for the current `errno`. `what` says what could not be done, without a path.
    static func current(_ what: String) -> SaveError { error(errno, what) }

    static func error(_ code: Int32, _ what: String) -> SaveError {
        let cause = SystemCallError(code: code)
        return switch code {
        case ENOSPC, EDQUOT, EFBIG:
            SaveError(.storageFull, "the disk of the stored files is full: ask an administrator to make room", underlying: cause)
        case EMFILE, ENFILE: SaveError(.busy, "the server has too many files open: ask again later", underlying: cause)
        // openat2(2): ELOOP for a symbolic link on the way, EXDEV for a way out of the folder.
        case ELOOP, EXDEV, ENOTDIR, ENXIO:
            SaveError(
                .blobCorrupt, "a stored file is not a plain file in its folder: the server's log says which", underlying: cause)
        default: SaveError(.storageUnavailable, what, underlying: cause)
        }
    }
}

/// The number a system call failed with, for the log.
struct SystemCallError: Error, CustomStringConvertible {
    let code: Int32
    var description: String { String(cString: strerror(code)) }
}
