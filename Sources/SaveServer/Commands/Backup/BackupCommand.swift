internal import Foundation
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata
internal import SaveSQLite
internal import SaveStorage

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
        let source = try arguments.configuration(environment).data
        try Stores.require(source)
        let directory = try BackupDirectory(target, apartFrom: source)
        let progress = ProgressLine.standardError("backing up", arguments, environment)
        defer { progress.end() }
        let report = try await directory.fill(from: source, progress)
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

    /// Copies what a server keeps. What is in the directory is a whole backup again when this returns.
    func fill(from data: String, _ progress: ProgressLine) async throws -> BlobCopy.Report {
        // What an interrupted run has left may have names without bytes.
        let isSound = (try? BackupManifest.read(from: path))?.isComplete == true
        var manifest = BackupManifest(isComplete: false, created: PlatformClock.system.now())
        try manifest.write(to: path)
        let database = path + "/save.db"
        let fresh = database + ".new"
        for suffix in ["", "-wal", "-shm"] { unlink(fresh + suffix) }
        try SQLiteStore.snapshot(of: data + "/save.db", to: fresh)
        try PrivateFile.write(try ServerKey.read(data + "/server.key"), to: path + "/server.key")
        let pool = BlockingPool(name: "backup", threads: 2)
        defer { pool.stop() }
        let source = try FileBlobStore(root: data + "/blobs", isOwner: false, pool: pool)
        let target = try FileBlobStore(root: path + "/blobs", durability: .atEnd, pool: pool)
        let records = try SQLiteStore.open(path: fresh, readers: 1)
        let report: BlobCopy.Report
        do {
            report = try await BlobCopy(of: records, from: source, to: target, trustsTarget: isSound, pool: pool)
                .run(
                    onProblem: { progress.report("\($1.code.rawValue): \($0): \($1.message)") }, onProgress: progress.show)
            // What an earlier backup needed and this one does not.
            _ = try await Maintenance(metadata: records, blobs: target, log: .silent()).collectGarbage(grace: 0, dryRun: false)
        } catch {
            await records.close()
            throw error
        }
        await records.close()
        DurableFile.removeLogs(of: fresh)
        manifest.database = try DurableFile.move(fresh, to: database)
        try await target.sync()
        manifest.isComplete = true
        manifest.files = report.copied + report.present
        manifest.damaged = report.problems
        try manifest.write(to: path)
        return report
    }
}
