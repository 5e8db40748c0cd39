internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Publishes the files of a directory one by one; what is wrong with one stops none of the others.
struct DirectoryImport {
    /// How many files met which fate.
    struct Summary: Equatable {
        var published = 0
        var unchanged = 0
        var skipped = 0
        var refused = 0
        var isRehearsal = false

        var text: String {
            "\(published) \(isRehearsal ? "would be published" : "published"), \(unchanged) unchanged, \(skipped) skipped, \(refused) refused"
        }
    }

    let directory: String
    /// Says what would happen, and publishes nothing.
    let isRehearsal: Bool
    /// The server's own limit for a file, in bytes.
    let limit: Int64?
    let publisher: Publisher
    let format: IsolatedFormat<any RepositoryFormat>
    let pool: BlockingPool

    /// - Parameters:
    ///   - report: takes a line for each file.
    ///   - onProgress: called before each file, after each piece of it, and at the end.
    /// - Throws: what stops everything: a directory that cannot be read, a format without imports, a full disk.
    func run(_ report: (String) -> Void, onProgress: @escaping @Sendable (MaintenanceProgress) -> Void) async throws -> Summary {
        guard let importing = format.cast({ $0 as? any DirectoryImporting }) else { throw SaveError.unsupported("imports") }
        var summary = Summary(isRehearsal: isRehearsal)
        let files = try await self.files()
        var progress = MaintenanceProgress(totalBlobs: Int64(files.count), totalBytes: files.reduce(0) { $0 + $1.size })
        for (name, size) in files {
            let before = progress
            onProgress(before)
            defer {
                progress.blobs += 1
                progress.bytes += size
            }
            do {
                let path = try AssetPath(name)
                let plan = try await importing.ask { try $0.upload(importing: path) }
                guard let plan else {
                    summary.skipped += 1
                    report("skipped    \(name)")
                    continue
                }
                let done = try await publish(name, plan) { onProgress(before.adding(bytes: $0)) }
                switch done.outcome {
                case .created, .changed:
                    summary.published += 1
                    report("\(isRehearsal ? "would go in" : "published ") \(name)")
                case .restored:
                    summary.published += 1
                    report("restored   \(name)")
                case .unchanged:
                    summary.unchanged += 1
                    report("unchanged  \(name)")
                }
                for warning in done.warnings { report("warning    \(name): \(warning)") }
            } catch let error as SaveError where !Self.stops(error) {
                summary.refused += 1
                report("refused    \(name): \(error.message)")
            }
        }
        onProgress(progress)
        return summary
    }

    private func publish(
        _ name: String, _ plan: UploadPlan, onRead: @escaping @Sendable (Int64) -> Void
    ) async throws -> Publisher.Report {
        let path = "\(directory)/\(name)"
        let file = try await pool.run { try Self.open(path) }
        let request = HTTPRequest(method: .put, target: [], body: ByteStream(file, pool: pool).counted(onRead))
        guard !isRehearsal else { return try await publisher.rehearse(plan, request, limit: limit) }
        do {
            return try await publisher.publish(plan, request, limit: limit)
        } catch {
            try await publisher.recordRefusal(of: "file.upload", plan.path, error, context: .system)
            throw error
        }
    }

    /// Regular files below the directory with their sizes, in the order of their paths.
    private func files() async throws -> [(name: String, size: Int64)] {
        let directory = directory
        return try await pool.run {
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
                throw SaveError(.notFound, "there is no directory '\(directory)'")
            }
            let found = try FileManager.default.subpathsOfDirectory(atPath: directory).compactMap { name in
                var status = stat()
                let isFile = lstat("\(directory)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                return isFile ? (name: name, size: Int64(status.st_size)) : nil
            }
            return found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
    }

    private static func open(_ path: String) throws -> OpenFile {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SaveError(.invalidRequest, "the file cannot be read: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        fstat(descriptor, &status)
        return OpenFile(adopting: descriptor, size: Int64(status.st_size))
    }

    /// Not about this file: no other would fare better.
    static func stops(_ error: SaveError) -> Bool {
        [.storageFull, .storageUnavailable, .busy, .internalFailure, .unsupported].contains(error.code)
    }
}
