internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Copies of stored files on the local disk, up to so many bytes. Losing it costs nothing but the time to fetch them again.
///
/// Bytes are compared with their digest when they come in. What an earlier process has left is not synced, so it is compared when
/// it is first asked for.
final class BlobCache: Sendable {
    private struct Entry {
        let size: Int64
        /// Counts up with each use.
        var lastUse: UInt64
        var isVerified: Bool
    }

    private struct State {
        var entries: [BlobDigest: Entry] = [:]
        var size: Int64 = 0
        var uses: UInt64 = 0
    }

    /// Also where uploads wait until they are committed.
    let files: FileBlobStore
    /// Bytes.
    let limit: Int64
    private let pool: BlockingPool
    private let state = Mutex(State())

    /// - Parameter limit: bytes of all copies together; 0 for none.
    init(_ files: FileBlobStore, limit: Int64, pool: BlockingPool) {
        self.files = files
        self.limit = limit
        self.pool = pool
    }

    /// Bytes of all copies.
    var size: Int64 { state.withLock { $0.size } }
    var count: Int { state.withLock { $0.entries.count } }

    /// Whether a file of a size is kept: one file must not drive out all others.
    func takes(_ size: Int64) -> Bool { size <= limit / 2 }

    /// Finds out what an earlier process has left, and keeps as much of it as there may be now.
    func load() async throws {
        var last: BlobDigest?
        while true {
            let page = try await files.digests(after: last, limit: 1000)
            guard let end = page.last else { break }
            last = end
            for digest in page {
                guard let size = try await files.stat(digest)?.size else { continue }
                note(digest, size: size, isVerified: false)
            }
        }
        await makeRoom()
    }

    /// A copy; nil where there is none.
    func open(_ digest: BlobDigest) async -> OpenFile? {
        let isVerified = state.withLock { state -> Bool? in
            guard let entry = state.entries[digest] else { return nil }
            state.uses += 1
            state.entries[digest]?.lastUse = state.uses
            return entry.isVerified
        }
        guard let isVerified else { return nil }
        if !isVerified {
            // What could not be read now, or was not waited for, may still be a good copy. The bucket serves meanwhile.
            guard let found = try? await BlobCheck.read(digest, in: files, pool: pool), found.problem != .unreadable else {
                return nil
            }
            guard found.problem == nil else {
                await remove(digest)
                return nil
            }
            state.withLock { $0.entries[digest]?.isVerified = true }
        }
        do { return try files.openNow(digest) } catch let error as SaveError where error.code == .assetNotFound {
            await remove(digest)
            return nil
        } catch { return nil }
    }

    /// Keeps what a writer has written, if it is what it should be. The writer has ended then.
    func keep(_ writer: any BlobWriter, as digest: BlobDigest, size: Int64) async {
        if takes(size), (try? await writer.commit(expecting: digest)) != nil {
            note(digest, size: size, isVerified: true)
        }
        await writer.cancel()
        await makeRoom()
    }

    func remove(_ digest: BlobDigest) async {
        state.withLock { state in
            if let entry = state.entries.removeValue(forKey: digest) { state.size -= entry.size }
        }
        _ = try? await files.delete(digest, committedBefore: Timestamp(microseconds: .max))
    }

    private func note(_ digest: BlobDigest, size: Int64, isVerified: Bool) {
        state.withLock { state in
            state.uses += 1
            if let earlier = state.entries[digest] { state.size -= earlier.size }
            state.entries[digest] = Entry(size: size, lastUse: state.uses, isVerified: isVerified)
            state.size += size
        }
    }

    /// Removes what was not used for the longest time, and a tenth more than it must, so that it is not looked for at each file.
    private func makeRoom() async {
        let victims = state.withLock { state -> [BlobDigest] in
            guard state.size > limit else { return [] }
            var victims: [BlobDigest] = []
            var rest = state.size
            for (digest, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                guard rest > limit - limit / 10 else { break }
                victims.append(digest)
                rest -= entry.size
            }
            return victims
        }
        for digest in victims { await remove(digest) }
    }
}
