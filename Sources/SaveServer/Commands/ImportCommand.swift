internal import Glibc
internal import SaveAccess
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins
internal import SaveRepositories
internal import SaveStorage

/// `import`: publishes the files of a directory, without the server.
enum ImportCommand: Command {
    static let name = "import"
    static let form = CommandForm(
        summary: "publish the files of a directory in a hosted repository",
        operands: [.init("DIRECTORY", .directory, "the directory whose files are published", replacedBy: "--from-blobs")],
        options: [
            .init("--repository", .init("PROJECT/NAME"), "where to: a hosted repository that exists"),
            .init("--format", .init("FORMAT"), "refuse unless the repository has this format, such as pypi"),
            .init("--from-blobs", nil, "instead of a directory, take the stored files that no record knows (verify lists them)"),
            .init("--dry-run", nil, "check everything, publish nothing"),
            .config, .data, .quiet,
        ],
        description: """
            Takes the files of the directory and of those below it, in the order of their paths; links are not followed. Each
            file is checked as an upload is, and goes in whole or not at all. A line tells what became of it: published,
            unchanged (the same bytes are there), skipped (nothing of this format), or refused, with the reason. After a refusal
            it goes on; the exit status is 1 when a file was refused. The server must not be running. Every file is in the audit
            trail, published by `system`.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        guard let coordinates = arguments.values["--repository"] else {
            throw UsageError(
                "--repository PROJECT/NAME is missing: a hosted repository that exists",
                hint: "save-server import --help shows the form")
        }
        let configuration = try arguments.configuration(environment)
        return try await Stores.using(configuration) { stores in
            let repositories = try await OfflineRepositories(stores, configuration)
            let target = try repositories.find(coordinates, format: arguments.values["--format"])
            let isRehearsal = arguments.flags.contains("--dry-run")
            let publisher = Publisher(repository: target, services: repositories.publishing)
            let progress = ProgressLine.standardError("importing", arguments, environment)
            defer { progress.end() }
            let summary: DirectoryImport.Summary
            if let directory = arguments.operands.first {
                summary = try await DirectoryImport(
                    directory: directory, isRehearsal: isRehearsal, limit: configuration.maxFileSize, publisher: publisher,
                    format: target.format, pool: stores.pool
                ).run(progress.report, onProgress: progress.show)
            } else {
                summary = try await BlobImport(
                    metadata: stores.metadata, blobs: stores.blobs, isRehearsal: isRehearsal, limit: configuration.maxFileSize,
                    publisher: publisher, format: target.format, pool: stores.pool
                ).run(progress.report, onProgress: progress.show)
            }
            progress.end()
            print(summary.text)
            return summary.refused == 0 ? 0 : 1
        }
    }
}

/// The repositories of a data directory, without a server and without the network.
struct OfflineRepositories {
    let publishing: PublishingServices
    let unreachable: UnreachableFiles
    private let catalogue: Catalogue

    init(_ stores: Stores, _ configuration: ServerConfiguration) async throws {
        let registry = try FormatRegistry.complete(configuration)
        catalogue = Catalogue(store: stores.metadata, formats: registry, clock: .system)
        try await catalogue.reload()
        let storage = RepositoryStorage(
            store: stores.metadata, blobs: stores.blobs, clock: .system, log: .silent(), pool: stores.pool)
        publishing = PublishingServices(storage, catalogue)
        unreachable = UnreachableFiles(storage, catalogue)
    }

    /// A hosted repository by `project/name`.
    ///
    /// - Throws: `repositoryNotFound`, `invalidRequest`.
    func find(_ coordinates: String, format: String?) throws -> Repository {
        guard let found = catalogue.current.repositories.first(where: { $0.record.coordinates == coordinates }) else {
            throw SaveError(.repositoryNotFound, "there is no repository '\(coordinates)'")
        }
        guard found.record.kind == .hosted else {
            throw SaveError.invalid(
                "repository", "\(coordinates) is a \(found.record.kind.rawValue): import into a hosted repository")
        }
        guard format == nil || format == found.record.format else {
            throw SaveError.invalid("format", "\(coordinates) has the format \(found.record.format), not \(format ?? "")")
        }
        return found
    }
}
