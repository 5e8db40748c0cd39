package import SaveBlobs
package import SaveHTTP
package import SavePlatform
package import SaveStorage
internal import Synchronization

/// Blobs as objects of a bucket, `blobs/<hex>` below a prefix, with copies on the local disk.
///
/// What `commit` answers is in the store. A file is on the local disk until then, and stays there as a copy. One process at a time works
/// on a prefix: `prepare` sees to it that it is not another server's.
package final class S3BlobStore: BlobStore, BlobSettingAside {
    let client: S3Client
    let cache: BlobCache
    let pool: BlockingPool
    private let clock: PlatformClock
    private let claims = Mutex(BlobClaims())
    private let turns = Turns()
    /// When the bucket was last seen, by a clock that only goes forward.
    private let seen = Mutex<ContinuousClock.Instant?>(nil)
    private static let day: Int64 = 86_400

    /// - Parameters:
    ///   - files: where uploads wait and copies are kept; nobody else's, and lost without harm.
    ///   - cacheSize: bytes of copies.
    package init(
        _ client: S3Client, files: FileBlobStore, cacheSize: Int64, pool: BlockingPool, clock: PlatformClock = .system
    ) {
        self.client = client
        self.pool = pool
        self.clock = clock
        cache = BlobCache(files, limit: cacheSize, pool: pool)
    }

    /// The same files as they are in the bucket, whatever copies there are.
    package var withoutCopies: any BlobStore & BlobSettingAside { StoredObjects(store: self) }

    /// Bytes of copies on the local disk.
    package var cachedBytes: Int64 { cache.size }

    // MARK: - Reading

    package func open(_ digest: BlobDigest) async throws -> Blob {
        if let file = await cache.open(digest) { return Blob(file) }
        return Blob(try await blob(digest, usesCache: true))
    }

    func blob(_ digest: BlobDigest, usesCache: Bool) async throws -> S3Blob {
        guard let info = try await stat(digest) else { throw SaveError(.assetNotFound, "there is no such stored file") }
        return S3Blob(digest: digest, size: info.size, store: self, usesCache: usesCache)
    }

    package func stat(_ digest: BlobDigest) async throws -> BlobInfo? {
        guard let object = try await client.object(key(of: digest)) else {
            try await confirmBucket()
            return nil
        }
        // An object that somebody has copied there is as young as the store says.
        guard let committed = object.committed ?? object.lastModified else { throw S3Client.strange }
        return BlobInfo(digest: digest, size: object.size, committed: committed)
    }

    /// HEAD does not say whether the object or its whole bucket is missing; GET does. Asked at most every five seconds.
    ///
    /// - Throws: `storageUnavailable` where the bucket is gone.
    private func confirmBucket() async throws {
        let now = ContinuousClock.now
        if let last = seen.withLock({ $0 }), now - last < .seconds(5) { return }
        _ = try await client.contents(of: key("save-server"))
        seen.withLock { $0 = now }
    }

    package func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        let prefix = key("blobs/")
        var found: [BlobDigest] = []
        var last = after.map { key(of: $0) }
        while found.count < limit {
            let before = last
            let page = try await client.objects(prefix: prefix, after: last, limit: limit - found.count)
            for object in page.objects where last.map({ object.key > $0 }) ?? true {
                last = object.key
                let name = String(object.key.dropFirst(prefix.count))
                if let digest = BlobDigest(hex: name), digest.hex == name { found.append(digest) }
            }
            if page.isLast || page.objects.isEmpty { break }
            // A store that does not know `start-after` gives its first page for ever.
            guard last != before else { throw S3Client.strange }
        }
        return found
    }

    // MARK: - Writing

    package func begin() async throws -> any BlobWriter { S3BlobWriter(self, try await cache.files.begin()) }

    package func checkSpace(for byteCount: Int64?) async throws { try await cache.files.checkSpace(for: byteCount) }

    /// Puts a file, in place of the same bytes if they are there: those may be damaged, and are young again.
    func put(_ file: OpenFile, _ digest: BlobDigest, size: Int64) async throws -> BlobInfo {
        try await turns.take(digest) {
            // In its turn: a deletion that asks for "before now" must not see an older time on a newer commit.
            let now = clock.now()
            if size > client.configuration.maxPutBytes {
                try await client.putInParts(key(of: digest), file, size: size, committed: now, pool: pool)
            } else {
                try await client.put(key(of: digest), file, size: size, sha256: digest, committed: now)
            }
            return BlobInfo(digest: digest, size: size, committed: now)
        }
    }

    /// Keeps a blob from being removed until `release`.
    func hold(_ digest: BlobDigest) { claims.withLock { $0.hold(digest) } }

    func release(_ digest: BlobDigest) { claims.withLock { $0.release(digest) } }

    @discardableResult
    package func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        guard let mark = claims.withLock({ $0.mark(digest) }) else { return false }
        defer { _ = claims.withLock { $0.takeMark(mark, of: digest) } }
        if try await isNeeded() { return false }
        return try await turns.take(digest) {
            // A writer that takes hold of the blob from now on puts it in the next turn.
            guard claims.withLock({ $0.takeMark(mark, of: digest) }), let info = try await stat(digest),
                info.committed < moment
            else { return false }
            await cache.remove(digest)
            try await client.delete(key(of: digest))
            return true
        }
    }

    package func setAside(_ digest: BlobDigest, committed: Timestamp) async throws -> Bool {
        try await turns.take(digest) {
            guard !claims.withLock({ $0.isHeld(digest) }), let info = try await stat(digest), info.committed == committed else {
                return false
            }
            await cache.remove(digest)
            try await client.copy(key(of: digest), to: key("damaged/\(digest.hex)"))
            try await client.delete(key(of: digest))
            return true
        }
    }

    // MARK: - The bucket

    /// Makes sure that the bucket can be used, and that what is below the prefix is this server's: another one would collect its
    /// files as garbage. Forgets uploads in parts that were lost more than a day ago.
    ///
    /// - Parameters:
    ///   - server: names the server, and gives nothing away.
    ///   - loadsCopies: whether copies that an earlier process has left are used.
    /// - Throws: `conflict` for another server's prefix, `storageUnavailable`.
    package func prepare(for server: String, loadsCopies: Bool = true) async throws {
        let name = key("save-server")
        let line = Array((server + "\n").utf8)
        if try await client.contents(of: name) == nil { _ = try await client.create(name, line) }
        guard try await client.contents(of: name) == line else {
            throw SaveError(
                .conflict,
                "the bucket has the files of another server at the address in `blobs`: name another bucket or another prefix, or, where that server is gone for good, remove the object '\(name)'"
            )
        }
        if loadsCopies { try await cache.load() }
        // A store that does not list them, or not to this account, is left to forget them by itself.
        let old = clock.now().adding(seconds: -Self.day)
        for upload in (try? await client.unfinishedUploads(prefix: key("blobs/"))) ?? [] where upload.initiated < old {
            try? await client.abort(upload)
        }
    }

    /// Whether the bucket answers, and is still the one that was prepared.
    ///
    /// - Throws: `storageUnavailable`.
    package func probe() async throws {
        guard try await client.object(key("save-server")) != nil else {
            throw SaveError(
                .storageUnavailable,
                "the bucket has nothing of this server any more: it was emptied, or the address in `blobs` is another")
        }
    }

    func key(of digest: BlobDigest) -> String { key("blobs/\(digest.hex)") }

    private func key(_ name: String) -> String { client.configuration.prefix + name }
}

/// The blobs of a store as its bucket has them: for what checks them, and copies them elsewhere.
private struct StoredObjects: BlobStore, BlobSettingAside {
    let store: S3BlobStore

    func open(_ digest: BlobDigest) async throws -> Blob { Blob(try await store.blob(digest, usesCache: false)) }
    func begin() async throws -> any BlobWriter { try await store.begin() }
    func stat(_ digest: BlobDigest) async throws -> BlobInfo? { try await store.stat(digest) }
    func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        try await store.digests(after: after, limit: limit)
    }
    func checkSpace(for byteCount: Int64?) async throws { try await store.checkSpace(for: byteCount) }
    func setAside(_ digest: BlobDigest, committed: Timestamp) async throws -> Bool {
        try await store.setAside(digest, committed: committed)
    }
    func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        try await store.delete(digest, committedBefore: moment, unless: isNeeded)
    }
}
