internal import FoundationEssentials
internal import Glibc
internal import SaveAdvisories
internal import SavePlatform

/// A file that never has a name, on the disk of the database: what a crash leaves behind is nothing.
final class UnnamedFile: AdvisorySpool {
    private let descriptor: OpenFile

    init(in folder: String) throws {
        try AdvisoryFileWriter.makeFolder(folder)
        let path = folder + "/upload-\(UUID().uuidString)"
        let number = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Self.failure(errno) }
        descriptor = OpenFile(adopting: number, size: 0)
        guard unlink(path) == 0 else { throw Self.failure(errno) }
    }

    func append(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor.descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(errno) }
            rest = rest.dropFirst(count)
        }
    }

    func file() throws -> OpenFile {
        var facts = stat()
        let number = fcntl(descriptor.descriptor, F_DUPFD_CLOEXEC, 0)
        guard number >= 0, fstat(number, &facts) == 0 else { throw Self.failure(errno) }
        return OpenFile(adopting: number, size: Int64(facts.st_size))
    }

    private static func failure(_ code: Int32) -> SaveError {
        let isFull = code == ENOSPC || code == EDQUOT
        return SaveError(
            isFull ? .storageFull : .storageUnavailable,
            "the archive cannot be kept: "
                + (isFull ? "free some space on the server's disk" : "the server's disk does not take it"))
    }
}
