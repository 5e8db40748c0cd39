internal import Glibc
internal import Synchronization

/// A file opened for reading; closed when the last reference goes.
public final class OpenFile: Sendable {
    /// Valid as long as this object lives. Duplicate it to keep it longer.
    public let descriptor: Int32
    public let size: Int64
    /// What closes the descriptor in its end, where that is not this object.
    private let owner = Mutex<(any AnyObject & Sendable)?>(nil)

    /// Takes over an open descriptor.
    package init(adopting descriptor: Int32, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit {
        if owner.withLock({ $0 == nil }) { close(descriptor) }
    }

    /// Hands the descriptor over to what `make` returns, which closes it in its own end, and which this object keeps: both use one
    /// descriptor. Nil, and nothing has changed, where `make` returns nil or the descriptor has been handed over before.
    package func handOver<Owner: AnyObject & Sendable>(_ make: (Int32) -> Owner?) -> Owner? {
        owner.withLock { owner in
            guard owner == nil, let made = make(descriptor) else { return nil }
            owner = made
            return made
        }
    }

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
        if failed { throw SaveError(.storageUnavailable, "a stored file cannot be read: the server's log says why") }
        return bytes
    }
}
