internal import Glibc
package import SaveHTTP
package import SavePlatform
package import SaveStorage
internal import Synchronization

/// Blobs as files: `ab/cd/<hex>` below a root folder, written in `tmp/` first.
///
/// What `commit` answers is on the disk: the file is synced, then renamed, then the folder is synced. A blob's
/// modification time is the time it was last committed at. What was found damaged is in `damaged/`, and served to nobody.
package final class FileBlobStore: BlobStore, BlobSettingAside {
    /// The steps that a disk can fail at, for tests that fail them one by one.
    package enum Step: Sendable {
        case create, write, syncFile, makeFolder, syncParents, rename, syncFolder
    }

    /// When what is committed is on the disk.
    package enum Durability: Sendable {
        /// When `commit` answers.
        case each
        /// When `sync` returns: for copies that count for nothing before they are whole.
        case atEnd
    }

    let temporary: Folder
    let durability: Durability
    let pool: BlockingPool
    let clock: PlatformClock
    let beforeStep: @Sendable (Step) throws -> Void
    private let root: Folder
    private let reserve: Int64
    /// Locked while a blob's name is given or taken away, so that a deletion never meets a commit half-way.
    private let naming = Mutex(BlobClaims())
    /// Leaf folders, by their four digits, that are known to be durable.
    private let durable = Mutex<Set<String>>([])

    /// Opens a store, creates what is missing, and removes what crashed writers left behind. Blocks.
    ///
    /// - Parameter root: a folder, which may not be a link; its parent exists.
    /// - Parameter reserveBytes: free space below which nothing is written.
    /// - Parameter isOwner: whether nobody else writes to the store, so that what is left of crashed writers may go.
    /// - Parameter pool: where everything but `open` runs.
    /// - Parameter beforeStep: called before each step; what it throws fails the step.
    package init(
        root: String, reserveBytes: Int64 = 0, isOwner: Bool = true, durability: Durability = .each, pool: BlockingPool,
        clock: PlatformClock = .system,
        beforeStep: @escaping @Sendable (Step) throws -> Void = { _ in }
    ) throws {
        self.root = try Folder(at: root)
        temporary = try self.root.makeFolder("tmp")
        reserve = reserveBytes
        self.durability = durability
        self.pool = pool
        self.clock = clock
        self.beforeStep = beforeStep
        if isOwner {
            try removeLeftovers()
            // Names that an earlier process, or this one, has made.
            try self.root.sync()
        }
    }

    /// Makes all that was committed durable, however much it is, in one call.
    ///
    /// - Throws: `storageUnavailable`, `storageFull`: then nothing that was committed counts.
    package func sync() async throws {
        try await pool.run(lasting: .long) { [self] in
            guard DiskSync.fileSystem(root.descriptor) else { throw FileFailure.current("the stored files cannot be synced") }
        }
    }

    /// Removes temporary files that no living writer holds, in this process or another.
    private func removeLeftovers() throws {
        for name in try temporary.names() {
            let file = try? temporary.file(name)
            if let file, flock(file.descriptor.descriptor, LOCK_EX | LOCK_NB) != 0 { continue }
            unlinkat(temporary.descriptor, name, 0)
        }
    }

    // MARK: - Reading

    /// Opens a blob on the calling thread: one open and one fstat, microseconds on a local disk, so that serving a known
    /// file needs no change of thread.
    ///
    /// - Throws: `assetNotFound`, `blobCorrupt` for what is not a plain file, `storageUnavailable`.
    package func openNow(_ digest: BlobDigest) throws -> OpenFile {
        guard let file = try root.file(Self.path(of: digest)) else {
            throw SaveError(.assetNotFound, "there is no such stored file")
        }
        return file.descriptor
    }

    package func open(_ digest: BlobDigest) async throws -> Blob { Blob(try openNow(digest)) }

    package func stat(_ digest: BlobDigest) async throws -> BlobInfo? {
        try await pool.run { [self] in
            try root.file(Self.path(of: digest)).map {
                BlobInfo(digest: digest, size: $0.descriptor.size, committed: Self.committed($0.facts))
            }
        }
    }

    package func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        try await pool.run(lasting: .long) { [self] in try list(after: after?.hex ?? "", limit: limit) }
    }

    private func list(after: String, limit: Int) throws -> [BlobDigest] {
        var found: [BlobDigest] = []
        for first in try Self.hexNames(in: root, atLeast: String(after.prefix(2))) {
            guard let folder = try root.folder(first) else { continue }
            for second in try Self.hexNames(
                in: folder, atLeast: after.hasPrefix(first) ? String(after.dropFirst(2).prefix(2)) : "")
            {
                guard let leaf = try folder.folder(second) else { continue }
                for name in try leaf.names() where name > after && name.hasPrefix(first + second) {
                    guard found.count < limit else { return found }
                    if let digest = BlobDigest(hex: name), digest.hex == name { found.append(digest) }
                }
            }
        }
        return found
    }

    private static func hexNames(in folder: Folder, atLeast least: String) throws -> [String] {
        try folder.names().filter { name in
            name.utf8.count == 2 && name >= least && name.utf8.allSatisfy { ASCII.hexDigit($0) != nil }
        }
    }

    // MARK: - Writing

    package func begin() async throws -> any BlobWriter {
        try await pool.run { [self] in
            try beforeStep(.create)
            return try FileBlobWriter(self)
        }
    }

    package func checkSpace(for byteCount: Int64?) async throws {
        try await pool.run { [self] in try checkSpaceNow(for: byteCount) }
    }

    /// Bytes that the disk has left for those who are not the administrator.
    package func freeBytes() async throws -> UInt64 {
        try await pool.run { [self] in try freeBytesNow() }
    }

    private func freeBytesNow() throws -> UInt64 {
        var facts = statvfs()
        guard fstatvfs(root.descriptor, &facts) == 0 else {
            throw FileFailure.current("the disk of the stored files does not answer")
        }
        let (free, overflow) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return overflow ? .max : free
    }

    func checkSpaceNow(for byteCount: Int64?) throws {
        let free = try freeBytesNow()
        let (needed, tooMuch) = reserve.addingReportingOverflow(max(0, byteCount ?? 0))
        guard !tooMuch, free >= UInt64(clamping: needed) else {
            throw SaveError(
                .storageFull,
                "the disk of the stored files is nearly full: \(free) bytes are free, and disk_reserve keeps \(reserve) of them; free some space, or lower disk_reserve"
            )
        }
    }

    /// Gives a finished temporary file its name. Its data is synced already.
    func publish(_ name: String, _ file: OpenFile, as digest: BlobDigest) throws -> Timestamp {
        let (leaf, parents) = try leaf(for: digest)
        try beforeStep(.rename)
        let moment = try naming.withLock { _ in
            // Inside the lock: a deletion that asks for "before now" must not see an older time on a newer commit.
            let now = clock.now()
            var times = [Self.timespec(now), Self.timespec(now)]
            guard futimens(file.descriptor, &times) == 0,
                renameat(temporary.descriptor, name, leaf.descriptor, digest.hex) == 0
            else { throw FileFailure.current("a file cannot be moved to its place") }
            return now
        }
        guard durability == .each else { return moment }
        try beforeStep(.syncFolder)
        try leaf.sync()
        if !parents.isEmpty {
            // After the rename: the journal wrote all of it for the leaf, and these find little to do.
            try beforeStep(.syncParents)
            for parent in parents { try parent.sync() }
            durable.withLock { _ = $0.insert(String(digest.hex.prefix(4))) }
        }
        return moment
    }

    /// The folder of a blob, made if it is missing, and the folders whose names of it are not known to be durable: another
    /// writer, or an earlier process, may have made them and not have synced them yet.
    private func leaf(for digest: BlobDigest) throws -> (leaf: Folder, parents: [Folder]) {
        let both = String(digest.hex.prefix(4))
        if durable.withLock({ $0.contains(both) }), let leaf = try root.folder(Self.folder(of: digest)) { return (leaf, []) }
        try beforeStep(.makeFolder)
        let parent = try root.makeFolder(String(both.prefix(2)))
        return (try parent.makeFolder(String(both.dropFirst(2))), [parent, root])
    }

    /// Keeps a blob from being removed until `release`.
    func hold(_ digest: BlobDigest) { naming.withLock { $0.hold(digest) } }

    func release(_ digest: BlobDigest) { naming.withLock { $0.release(digest) } }

    @discardableResult
    package func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        guard let mark = naming.withLock({ $0.mark(digest) }) else { return false }
        do {
            if !(try await isNeeded()) {
                return try await pool.run { [self] in try remove(digest, marked: mark, before: moment) }
            }
        } catch {
            _ = naming.withLock { $0.takeMark(mark, of: digest) }
            throw error
        }
        _ = naming.withLock { $0.takeMark(mark, of: digest) }
        return false
    }

    private func remove(_ digest: BlobDigest, marked mark: UInt64, before moment: Timestamp) throws -> Bool {
        let leaf = try root.folder(Self.folder(of: digest))
        return try naming.withLock { claims in
            guard claims.takeMark(mark, of: digest), let leaf else { return false }
            var facts = Glibc.stat()
            if fstatat(leaf.descriptor, digest.hex, &facts, AT_SYMLINK_NOFOLLOW) != 0 {
                guard errno == ENOENT else { throw FileFailure.current("a stored file cannot be removed") }
                return false
            }
            guard Self.committed(facts) < moment else { return false }
            guard unlinkat(leaf.descriptor, digest.hex, 0) == 0 else {
                throw FileFailure.current("a stored file cannot be removed")
            }
            return true
        }
    }

    package func setAside(_ digest: BlobDigest, committed: Timestamp) async throws -> Bool {
        try await pool.run { [self] in
            guard let leaf = try root.folder(Self.folder(of: digest)) else { return false }
            let aside = try root.makeFolder("damaged")
            return try naming.withLock { claims in
                var facts = Glibc.stat()
                guard !claims.isHeld(digest), fstatat(leaf.descriptor, digest.hex, &facts, AT_SYMLINK_NOFOLLOW) == 0,
                    Self.committed(facts) == committed
                else { return false }
                guard renameat(leaf.descriptor, digest.hex, aside.descriptor, digest.hex) == 0 else {
                    throw FileFailure.current("a damaged file cannot be set aside")
                }
                return true
            }
        }
    }

    // MARK: - Parts

    private static func folder(of digest: BlobDigest) -> String {
        let hex = digest.hex
        return "\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))"
    }

    private static func path(of digest: BlobDigest) -> String { "\(folder(of: digest))/\(digest.hex)" }

    private static func committed(_ facts: Glibc.stat) -> Timestamp {
        Timestamp(microseconds: Int64(facts.st_mtim.tv_sec) &* 1_000_000 &+ Int64(facts.st_mtim.tv_nsec) / 1000)
    }

    private static func timespec(_ moment: Timestamp) -> Glibc.timespec {
        let seconds = moment.seconds
        return Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(moment.microseconds &- seconds &* 1_000_000) &* 1000)
    }
}
