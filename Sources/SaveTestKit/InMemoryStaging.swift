internal import Foundation
package import SaveDigest
package import SavePlatform
internal import Synchronization

/// Staging for tests of formats: files without names in the system's temporary folder, gone when nobody holds them.
package final class InMemoryStaging: UploadStaging {
    private let limit: Int64?
    /// One for all: files outlive the staging they were made by, and their readers need it.
    private static let pool = BlockingPool(name: "staging", threads: 2)
    private let staged = Mutex<[StagedFile]>([])

    /// - Parameter limit: the largest file, in bytes.
    package init(limit: Int64? = nil) { self.limit = limit }

    /// What has been staged, in order.
    package var files: [StagedFile] { staged.withLock { $0 } }

    package func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile {
        let wanted = [DigestAlgorithm.sha256] + algorithms.filter { $0 != .sha256 }
        let digests = wanted.map { StreamingDigest($0) }
        let file = try ScratchFile()
        var size: Int64 = 0
        while let chunk = try await body.next() {
            size += Int64(chunk.count)
            if let limit, size > limit { throw SaveError(.tooLarge, "the file is larger than \(limit) bytes") }
            for digest in digests { digest.update(chunk) }
            try file.write(chunk)
        }
        let checksums = digests.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        guard let digest = checksums.first.flatMap({ BlobDigest(hex: $0.hex) }) else {
            throw SaveError(.internalFailure, "no digest")
        }
        let open = OpenFile(adopting: file.release(), size: size)
        return staged.withLock { staged in
            let result = StagedFile(
                id: staged.count, size: size, digest: digest, checksums: checksums, file: open, pool: Self.pool)
            staged.append(result)
            return result
        }
    }
}

extension StagedFile {
    /// All bytes of the file.
    package func contents() async throws -> [UInt8] { try await inspect { try $0.read(at: 0, count: Int($0.size)) } }
}

/// A file that has no name any more.
private final class ScratchFile {
    private var descriptor: Int32

    init() throws {
        let path =
            FileManager.default.temporaryDirectory.path + "/save-staging-" + String(UInt64.random(in: .min ... .max), radix: 36)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SaveError(.storageUnavailable, "no scratch file") }
        unlink(path)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            guard count > 0 else { throw SaveError(.storageUnavailable, "the scratch file cannot be written") }
            written += count
        }
    }

    func release() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }
}
