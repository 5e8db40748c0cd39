internal import FoundationEssentials
internal import Glibc
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveS3
internal import SaveSQLMetadata
internal import SaveSQLite
internal import SaveStorage
internal import Synchronization

/// `backup`: a copy of everything a server keeps, made beside the running server.
enum BackupCommand: Command {
    static let name = "backup"
    static let form = CommandForm(
        summary: "copy everything the server keeps, while it runs",
        operands: [
            .init("DIRECTORY", .directory, "where the backup is made: a new directory, an empty one, or one with a backup")
        ],
        options: [.config, .data, .quiet],
        description: """
            Takes the database as it is at one moment, every file that it needs, each checked against its digest, and the
            server's key. The server may run or not. Into a directory that holds a backup already only what is new is copied,
            and what is no longer needed is removed. `backup.json` is written last: without it a backup is not whole, and is not
            restored.

            Prints a line for each stored file that is missing or damaged, and exits 1 when there was one; all else is copied.
            A file that is deleted and collected as garbage meanwhile counts as missing: make the backup again.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let target = try arguments.operand(0)
        let configuration = try arguments.configuration(environment)
        guard configuration.database == nil else {
            throw SaveError(
                .unsupported,
                "backup copies a database in the data directory, and this server's is PostgreSQL: copy that with pg_dump, and then blobs and server.key from \(configuration.data)"
            )
        }
        try Stores.require(configuration.data)
        let directory = try BackupDirectory(target, apartFrom: configuration.data)
        let progress = ProgressLine.standardError("backing up", arguments, environment)
        defer { progress.end() }
        let report = try await directory.fill(from: configuration, progress)
        progress.end()
        print(
            "\(report.copied) files copied, \(report.copiedBytes) bytes; \(report.present) there already; \(report.problems) damaged"
        )
        return report.problems == 0 ? 0 : 1
    }
}

/// A directory that a backup is made in. It is laid out as a data directory is.
struct BackupDirectory {
    let path: String
    private let lock: DirectoryLock

    /// Creates the directory for its owner only when it is missing, and locks it.
    ///
    /// - Throws: `conflict` for a directory that holds anything but a backup, or that is in the data directory.
    init(_ path: String, apartFrom data: String) throws {
        try DurableFolder.create(path)
        self.path = try Self.real(path)
        guard !(self.path + "/").utf8.starts(with: (try Self.real(data) + "/").utf8) else {
            throw SaveError(.conflict, "\(path) is in the data directory: a backup belongs elsewhere, best on another disk")
        }
        lock = try DirectoryLock(self.path)
        let names = try FileManager.default.contentsOfDirectory(atPath: self.path)
        guard names.contains(BackupManifest.name) || names.allSatisfy({ $0 == DirectoryLock.name }) else {
            throw SaveError(.conflict, "\(path) is not empty and holds no backup")
        }
    }

    private static func real(_ path: String) throws -> String {
        guard let real = realpath(path, nil) else {
            let code = errno
            throw SaveError(.storageUnavailable, "\(path) cannot be opened: \(String(cString: strerror(code)))")
        }
        defer { free(real) }
        return String(cString: real)
    }

    /// A server at work collects files that were deleted since the database was copied: then the database is copied again. So often at
    /// most.
    private static let maxRounds = 5

    /// Copies what a server keeps. What is in the directory is a whole backup again when this returns.
    func fill(from configuration: ServerConfiguration, _ progress: ProgressLine) async throws -> BlobCopy.Report {
        let data = configuration.data
        // What an interrupted run has left may have names without bytes.
        let isSound = (try? BackupManifest.read(from: path))?.isComplete == true
        var manifest = BackupManifest(isComplete: false, created: PlatformClock.system.now())
        try manifest.write(to: path)
        let key = try ServerKey.read(data + "/server.key")
        let pool = BlockingPool(name: "backup", threads: 2)
        defer { pool.stop() }
        let source: any BlobStore
        if let bucket = try configuration.bucket() {
            // It is read only: the copies of the server that may be running stay alone.
            let unused = try FileBlobStore(root: path + "/blobs", isOwner: false, pool: pool)
            source = try Stores.open(bucket, configuration, local: unused, pool: pool).withoutCopies
        } else {
            source = try FileBlobStore(root: data + "/blobs", isOwner: false, pool: pool)
        }
        let missed = MissedFiles()
        var report = BlobCopy.Report()
        for round in 1...Self.maxRounds {
            manifest.created = PlatformClock.system.now()
            try copyDatabase(of: data)
            if round == 1 { try ServerKey.write(key, to: path + "/server.key") }
            let target = try FileBlobStore(root: path + "/blobs", durability: .atEnd, pool: pool)
            let earlier = report
            report = try await copyFiles(from: source, to: target, trusting: isSound || round > 1, pool: pool, progress) {
                digest in
                missed.isMissed(again: digest) || round == Self.maxRounds
            }
            report.add(earlier)
            guard report.overtaken == 0 else { continue }
            DurableFile.removeLogs(of: fresh)
            manifest.database = try DurableFile.move(fresh, to: path + "/save.db")
            try await target.sync()
            break
        }
        manifest.isComplete = true
        manifest.files = report.copied + report.present
        manifest.damaged = report.problems
        try manifest.write(to: path)
        return report
    }

    /// Where the database is until all its files are there.
    private var fresh: String { path + "/save.db.new" }

    private func copyDatabase(of data: String) throws {
        for suffix in ["", "-wal", "-shm"] { unlink(fresh + suffix) }
        try SQLiteStore.snapshot(of: data + "/save.db", to: fresh)
    }

    /// Copies what the records of the copied database need, and removes what an earlier backup needed and this one does not.
    private func copyFiles(
        from source: any BlobStore, to target: FileBlobStore, trusting isSound: Bool, pool: BlockingPool,
        _ progress: ProgressLine,
        isNeeded: @escaping @Sendable (BlobDigest) -> Bool
    ) async throws -> BlobCopy.Report {
        let records = try SQLiteStore.open(path: fresh, readers: 1)
        do {
            let report = try await BlobCopy(of: records, from: source, to: target, trustsTarget: isSound, pool: pool).run(
                onProblem: { progress.report("\($1.code.rawValue): \($0): \($1.message)") }, onProgress: progress.show,
                isNeeded: isNeeded)
            if report.overtaken == 0 {
                _ = try await Maintenance(metadata: records, blobs: target, log: .silent()).collectGarbage(
                    grace: 0, dryRun: false)
            }
            await records.close()
            return report
        } catch {
            await records.close()
            throw error
        }
    }
}

/// Files that were not there when a copy of the database named them. One that the next copy names as well is lost; one that it does not
/// name was deleted and collected in between.
private final class MissedFiles: Sendable {
    /// A server that lost more than this has lost its disk.
    private static let maxCount = 10_000
    private let digests = Mutex<Set<BlobDigest>>([])

    /// Whether a file was missing before, which is noted.
    func isMissed(again digest: BlobDigest) -> Bool {
        digests.withLock { digests in
            digests.count >= Self.maxCount || !digests.insert(digest).inserted
        }
    }
}
