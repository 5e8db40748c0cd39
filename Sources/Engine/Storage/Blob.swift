package import SavePlatform

/// The bytes of a blob: read at any place, in any order, as often as wanted.
///
/// A store gives a local file where it has one. What is kept elsewhere, in an object store for example, is streamed part by part:
///
/// ```swift
/// let blob = try await blobs.open(digest)
/// let start = try await blob.read(at: 0, count: 512, pool: pool)
/// for try await bytes in blob.stream(from: 512, length: 4096, pool: pool) { … }
/// ```
///
/// Reads never give bytes of another blob. After the blob was deleted a local file is still readable; bytes from elsewhere may then
/// be `assetNotFound`.
package struct Blob: Sendable {
    fileprivate enum Place {
        case file(OpenFile)
        case remote(any RemoteBlob)
    }

    fileprivate let place: Place

    /// Bytes in a file of this machine.
    package init(_ file: OpenFile) { place = .file(file) }

    /// Bytes that are kept elsewhere.
    package init(_ remote: any RemoteBlob) { place = .remote(remote) }

    /// Bytes.
    package var size: Int64 {
        switch place {
        case .file(let file): file.size
        case .remote(let remote): remote.size
        }
    }

    /// The local file with these bytes, which the kernel can send by itself; nil where the store has none.
    ///
    /// `BlobStore.localFile(of:)` makes one for a reader that needs it.
    package var file: OpenFile? {
        guard case .file(let file) = place else { return nil }
        return file
    }

    /// Reads at an offset; fewer bytes at the blob's end, none past it.
    ///
    /// - Parameter pool: where a local file is read.
    /// - Throws: `storageUnavailable` when the store does not answer, `assetNotFound` when the blob was deleted.
    package func read(at offset: Int64, count: Int, pool: BlockingPool) async throws -> [UInt8] {
        switch place {
        case .file(let file): return try await pool.run { try file.read(at: offset, count: count) }
        case .remote(let remote):
            let part = part(offset, Int64(count))
            guard part.length > 0 else { return [] }
            return try await remote.stream(from: part.offset, length: part.length).collect(limit: count)
        }
    }

    /// The bytes from an offset on, `length` of them or all that follow; only those that are within the blob.
    ///
    /// - Parameters:
    ///   - pool: where a local file is read.
    ///   - chunk: bytes of it that are read at once.
    package func stream(
        from offset: Int64 = 0, length: Int64 = .max, pool: BlockingPool, chunk: Int = 1 << 18
    ) -> ByteStream {
        let part = part(offset, length)
        switch place {
        case .file(let file): return ByteStream(file, from: part.offset, length: part.length, pool: pool, chunk: chunk)
        case .remote(let remote): return part.length > 0 ? remote.stream(from: part.offset, length: part.length) : .empty
        }
    }

    private func part(_ offset: Int64, _ length: Int64) -> (offset: Int64, length: Int64) {
        let start = min(max(0, offset), size)
        return (start, min(max(0, length), size - start))
    }
}

/// What a store implements for blobs without a local file.
package protocol RemoteBlob: Sendable {
    /// Bytes.
    var size: Int64 { get }

    /// A part of the bytes, asked for once, when the first of them is pulled.
    ///
    /// - Parameters:
    ///   - offset: at least 0.
    ///   - length: at least 1; the part is within the blob.
    /// - Returns: a stream of exactly that length. It throws `storageUnavailable` when the store does not answer, `assetNotFound`
    ///   when the blob was deleted.
    func stream(from offset: Int64, length: Int64) -> ByteStream
}

extension BlobStore {
    /// The bytes of a blob as a local file, for a reader that needs many places of it, such as an archive's directory and members.
    ///
    /// Bytes that are kept elsewhere are first copied into the store's staging area, which is local. The copy has no name there
    /// any more when this returns: it is gone with the last reference to the file, and after a crash.
    /// - Throws: `storageFull`, `storageUnavailable`, `assetNotFound` when the blob was deleted.
    package func localFile(of blob: Blob) async throws -> OpenFile {
        let remote: any RemoteBlob
        switch blob.place {
        case .file(let file): return file
        case .remote(let elsewhere): remote = elsewhere
        }
        try await checkSpace(for: remote.size)
        let writer = try await begin()
        do {
            if remote.size > 0 {
                for try await bytes in remote.stream(from: 0, length: remote.size) { try await writer.write(bytes) }
            }
            let file = try writer.reader()
            await writer.cancel()
            return file
        } catch {
            await writer.cancel()
            throw error
        }
    }
}
