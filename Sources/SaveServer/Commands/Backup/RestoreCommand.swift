internal import Glibc
internal import SaveBlobs
internal import SavePlatform
internal import SaveS3
internal import SaveSQLMetadata
internal import SaveSQLite
internal import SaveStorage

/// `restore`: a data directory out of a backup.
enum RestoreCommand: Command {
    static let name = "restore"
    static let form = CommandForm(
        summary: "make a data directory out of a backup",
        operands: [.init("DIRECTORY", .directory, "the directory that a backup was made in")],
        options: [.config, .data, .quiet],
        description: """
            Fills a data directory that is empty or not there with what a backup holds. Every file is checked against its
            digest. A server does not start on a directory whose restore did not end: empty it and begin again.

            Prints a line for each file that the backup does not have whole, and exits 1 when there was one; all else is
            restored.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let backup = try arguments.operand(0)
        let configuration = try arguments.configuration(environment)
        let manifest = try BackupManifest.read(from: backup)
        guard manifest.isComplete else {
            throw SaveError(.conflict, "\(backup) is not whole: the backup was interrupted; make it again")
        }
        let progress = ProgressLine.standardError("restoring", arguments, environment)
        defer { progress.end() }
        let report = try await restore(backup, manifest, to: configuration, progress)
        progress.end()
        print(
            "\(report.copied) files restored, \(report.copiedBytes) bytes; \(report.problems) damaged; as of \(manifest.created.rfc3339)"
        )
        return report.problems == 0 ? 0 : 1
    }

    private static func restore(
        _ backup: String, _ manifest: BackupManifest, to configuration: ServerConfiguration, _ progress: ProgressLine
    ) async throws -> BlobCopy.Report {
        let address = try configuration.bucket()
        let directory = try DataDirectory(configuration.data, for: .restoring, keepsFiles: address == nil)
        let fresh = directory.databasePath + ".new"
        guard try DurableFile.copy(backup + "/save.db", to: fresh) == manifest.database else {
            throw SaveError(.digestMismatch, "\(backup)/save.db is not what \(BackupManifest.name) says; the backup is damaged")
        }
        let key = try ServerKey.read(backup + "/server.key")
        try ServerKey.write(key, to: directory.keyPath)
        let pool = BlockingPool(name: "restore", threads: 2)
        defer { pool.stop() }
        let source = try FileBlobStore(root: backup + "/blobs", isOwner: false, pool: pool)
        let local = try FileBlobStore(
            root: address == nil ? directory.blobsPath : directory.copiesPath, durability: .atEnd, pool: pool)
        let bucket = try address.map { try Stores.open($0, configuration, local: local, pool: pool) }
        try await bucket?.prepare(for: Stores.nameInBucket(key))
        let target: any BlobStore = bucket ?? local
        let records = try SQLiteStore.open(path: fresh, readers: 1)
        let report: BlobCopy.Report
        do {
            report = try await BlobCopy(of: records, from: source, to: target, pool: pool).run(
                onProblem: { progress.report("\($1.code.rawValue): \($0): \($1.message)") }, onProgress: progress.show)
        } catch {
            await records.close()
            throw error
        }
        await records.close()
        DurableFile.removeLogs(of: fresh)
        _ = try DurableFile.move(fresh, to: directory.databasePath)
        try await local.sync()
        try directory.complete()
        return report
    }
}
