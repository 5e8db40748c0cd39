internal import Glibc
package import SavePlatform

/// Why something at a path of the operator's cannot be used: the path, what is wrong with it, the system's reason, and what mends
/// it. For the start and for commands only: clients must not see paths.
package enum PathFailure {
    /// - Parameters:
    ///   - what: the end of the sentence "the data directory /srv/save …".
    ///   - code: the number that a system call failed with; 0 for none.
    ///   - mend: what to do, where it does not follow from the code.
    package static func error(
        _ kind: String, _ path: String, _ what: String, _ code: Int32 = 0, mend: String? = nil
    ) -> SaveError {
        let reason = code == 0 ? "" : ": \(String(cString: strerror(code)))"
        let mending = (mend ?? advice(code)).map { "; \($0)" } ?? ""
        return SaveError(
            code == ENOSPC || code == EDQUOT ? .storageFull : .storageUnavailable, "\(kind) \(path) \(what)\(reason)\(mending)")
    }

    /// What to do about a failure, where that is known.
    package static func advice(_ code: Int32) -> String? {
        switch code {
        case EACCES, EPERM: "let the user who runs this, number \(geteuid()), read and write it (chown, chmod)"
        case EROFS: "its file system is mounted for reading only: mount it for writing"
        case ENOSPC, EDQUOT: "free some space on its disk"
        case ENOENT: "check how it is spelled, and that its disk is mounted"
        case ENOTDIR: "a part of it is a file: check how it is spelled"
        case EIO: "its disk may be failing: look at the kernel's log (dmesg), and have a backup at hand"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n, or LimitNOFILE= of a systemd unit)"
        default: nil
        }
    }
}
