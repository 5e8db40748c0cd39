internal import Glibc
internal import SaveAudit
internal import SavePlatform
internal import SaveStorage

/// Anchors as messages to the machine's syslog, which passes them on to where the operator says.
///
/// A datagram to a socket that does not answer is dropped at once: syslog can be slow or away, and nobody waits for it.
struct SyslogAnchors: AuditAnchoring {
    /// The socket, `/dev/log` on most machines.
    let path: String
    let seal: AuditSeal
    /// RFC 5424, 6.2.1: facility "security/authorization messages" (10), severity "Notice" (5).
    private static let priority = 10 * 8 + 5

    func keep(_ anchor: AuditAnchor) async throws {
        let line = String(decoding: anchor.line(seal), as: UTF8.self)
        let message = Array("<\(Self.priority)>save-server[\(getpid())]: audit anchor \(line)".utf8)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard name.count < place.count else { return false }
            place.copyBytes(from: name)
            return true
        }
        guard isFitting else { throw SaveError(.invalidConfiguration, "'audit_anchor_syslog': the path is too long") }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        guard sent >= 0 else { throw failure() }
        guard sent == message.count else { throw failure(EMSGSIZE) }
    }

    /// - Parameter code: what the call before failed with.
    private func failure(_ code: Int32 = errno) -> SaveError {
        SaveError(.storageUnavailable, "'audit_anchor_syslog': \(path) takes no message: \(String(cString: strerror(code)))")
    }
}
