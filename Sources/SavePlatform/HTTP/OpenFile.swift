internal import Foundation

/// A file opened for reading; closed when the last reference goes.
public final class OpenFile: Sendable {
    /// Valid as long as this object lives. Duplicate it to keep it longer.
    public let descriptor: Int32
    public let size: Int64

    /// Takes over an open descriptor.
    public init(adopting descriptor: Int32, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    /// Reads at a place without moving any position; fewer bytes at the file's end.
    ///
    /// - Throws: `storageUnavailable` when the disk does not answer. Blocks: call it from a `BlockingPool`.
    public func read(at offset: Int64, count: Int) throws -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: initialized), count - initialized,
                    off_t(offset) + off_t(initialized))
                if got < 0 && errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                initialized += got
            }
        }
        if failed { throw SaveError(.storageUnavailable, "a stored file cannot be read") }
        return bytes
    }
}
