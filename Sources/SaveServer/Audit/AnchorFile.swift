internal import FoundationEssentials
internal import Glibc
internal import SaveAudit
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Anchors in a file, a line each, which is only ever added to.
struct AnchorFile: AuditAnchoring {
    let path: String
    let seal: AuditSeal
    let pool: BlockingPool

    /// The file that a configuration means; nil for none.
    static func configured(_ configuration: ServerConfiguration, seal: AuditSeal, pool: BlockingPool) -> AnchorFile? {
        switch configuration.auditAnchorFile {
        case nil: AnchorFile(path: configuration.data + "/audit-anchors", seal: seal, pool: pool)
        case "off": nil
        case let path?: AnchorFile(path: path, seal: seal, pool: pool)
        }
    }

    func keep(_ anchor: AuditAnchor) async throws {
        let line = anchor.line(seal) + [UInt8(ascii: "\n")]
        try await pool.run { try append(line) }
    }

    private func append(_ line: [UInt8]) throws {
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw failure("cannot be looked at") }
        var last = UInt8(ascii: "\n")
        if facts.st_size > 0 { _ = pread(descriptor, &last, 1, facts.st_size - 1) }
        // A line that was cut short when the machine went down stays by itself.
        let bytes = last == UInt8(ascii: "\n") ? line : [UInt8(ascii: "\n")] + line
        guard Log.write(bytes, to: descriptor), DiskSync.file(descriptor) else { throw failure("cannot be written") }
        if facts.st_size == 0 { try DiskSync.folder(of: path) }
    }

    /// All that was kept; nil before the first.
    func lines() async throws -> AuditAnchorLines? {
        try await pool.run {
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            guard access(path, R_OK) == 0 else {
                throw SaveError(
                    .storageUnavailable, "'audit_anchor_file': \(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            do {
                return AuditAnchorLines(try Data(contentsOf: URL(filePath: path), options: .alwaysMapped))
            } catch {
                throw SaveError(
                    .storageUnavailable, "'audit_anchor_file': \(path) cannot be read", underlying: error)
            }
        }
    }

    /// - Parameter code: what the call before failed with.
    private func failure(_ what: String, _ code: Int32 = errno) -> SaveError {
        SaveError(.storageUnavailable, "'audit_anchor_file': \(path) \(what): \(String(cString: strerror(code)))")
    }
}
