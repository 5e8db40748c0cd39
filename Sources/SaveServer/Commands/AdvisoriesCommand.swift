internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLite
internal import SaveStorage

/// `advisories`: what is known of vulnerable and harmful packages, brought in from files.
package enum AdvisoriesCommand: Command {
    static let name = "advisories"
    static let form = CommandForm(
        summary: "take in records of vulnerable and harmful packages",
        actions: [
            .init(
                name: "import", operands: [.init("FILE...", .file, "an archive of OSV records, or one record", repeats: true)],
                options: [.init("--replace", nil, "forget the records that are in none of the files")],
                meaning: "take in archives of records (all.zip), or single records"),
            .init(name: "status", operands: [], meaning: "tell how many records there are, and how new"),
        ],
        options: [.config, .data, .quiet],
        description: """
            Records are in the OSV schema, as databases publish them: a zip archive for each ecosystem, with a file of JSON for each record. All
            files of one command come in together or not at all; what was there stays until then. A record that is there already is
            replaced by one that was modified later. Records of other ecosystems than those of the server's formats are left out. The
            server may be running; it takes notice within seconds. The exit status is 0 for success, 1 where nothing could be taken in.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        guard FileManager.default.fileExists(atPath: configuration.data + "/server.key") else {
            throw SaveError(
                .notFound,
                "\(configuration.data) is not the data directory of a server: start the server once, or name it with --data")
        }
        if arguments.action == "import" { try checkOwner(of: configuration.data + "/server.key", is: geteuid()) }
        let database = AdvisoryDatabase(
            store: AdvisoryFile(folder: Self.folder(configuration)), formats: try FormatRegistry.complete(configuration),
            pool: BlockingPool(name: "advisories", threads: 2), clock: .system)
        guard arguments.action == "import" else {
            print(Self.text(try await database.status()))
            return 0
        }
        let progress = ProgressLine.standardError("importing", rate: .files, arguments, environment)
        defer { progress.end() }
        let files = try arguments.operands.map { AdvisoryImport.File(name: $0, file: try open($0)) }
        let report = try await AdvisoryImport(into: database).run(
            files, replacing: arguments.flags.contains("--replace"), onProgress: progress.show)
        progress.end()
        for reason in report.reasons { print("refused    \(reason)") }
        print(report.text)
        return 0
    }

    /// Makes sure that the server will be able to read what a user brings in. Blocks.
    ///
    /// - Parameter path: a file that the server made, so that its owner is the user whom the server runs as.
    /// - Throws: `forbidden` for a file of another user.
    package static func checkOwner(of path: String, is user: UInt32) throws {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_uid != user else { return }
        let name = getpwuid(facts.st_uid).flatMap { $0.pointee.pw_name }.map { String(cString: $0) }
        throw SaveError(
            .forbidden,
            "\(path) belongs to another user, and the server could not read what you import: run this command as the server's user "
                + "(sudo -u \(name ?? "#\(facts.st_uid)") save-server advisories import …)")
    }

    static func folder(_ configuration: ServerConfiguration) -> String { configuration.data + "/advisories" }

    private static func text(_ status: AdvisoryStatus) -> String {
        guard let imported = status.imported else { return "no advisories were imported" }
        let ecosystems = status.ecosystems.map { "\($0.name)\t\($0.records) records\tnewest \($0.newest?.rfc3339 ?? "-")" }
        return (["\(status.records) records, imported \(imported.rfc3339)"] + ecosystems).joined(separator: "\n")
    }

    private static func open(_ path: String) throws -> OpenFile {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        var facts = stat()
        guard descriptor >= 0, fstat(descriptor, &facts) == 0 else {
            throw SaveError(.invalidRequest, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        let file = OpenFile(adopting: descriptor, size: Int64(facts.st_size))
        guard facts.st_mode & S_IFMT == S_IFREG else { throw SaveError(.invalidRequest, "\(path) is not a file") }
        return file
    }
}
