internal import SaveCurl
internal import SaveHTTP
internal import SavePlatform

/// `evaluate`: what a server's policies say of the packages in a lock file.
enum EvaluateCommand: Command {
    static let name = "evaluate"
    static let form = CommandForm(
        summary: "ask a server what its policies say of a lock file",
        operands: [
            .init("LOCKFILE", .file, "uv.lock, poetry.lock, pylock.toml, requirements.txt or package-lock.json")
        ],
        options: [
            .init("--server", .init("URL"), "the server, as its clients reach it"),
            .init("--repository", .init("PROJECT/NAME"), "the repository that the packages are installed from"),
            .init("--all", nil, "print the packages that are allowed as well"),
            .init("--json", nil, "print the server's answers, one JSON object for each package on a line of its own"),
            .init("--ca-file", .init("FILE", .file), "certificates to trust in place of the system's"),
        ],
        description: """
            Prints a line for each package that a policy denies or warns of, and for each that does not come from an index. Nothing
            is changed and nothing is downloaded, and the server records no download.

            Credentials stand in the URL (https://name:password@host/), or SAVE_API_KEY has an API key.

            The exit status is 0 where every package may be installed, 1 where one is denied or the server does not answer, 2 for a
            command line that makes no sense.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let hint = "save-server evaluate --help shows the form"
        guard let address = arguments.values["--server"] else {
            throw UsageError("--server is missing: the address of the server, such as http://127.0.0.1:8080", hint: hint)
        }
        guard let repository = arguments.values["--repository"] else {
            throw UsageError("--repository is missing: the project and the repository, such as backend/pypi", hint: hint)
        }
        let server = try PolicyServer(
            address, key: environment["SAVE_API_KEY"], caFile: arguments.values["--ca-file"], hint: hint)
        let lockFile = try LockFile(at: try arguments.operand(0))
        let verdicts = try await server.verdicts(on: lockFile.packages, in: repository)
        if arguments.flags.contains("--json") {
            for verdict in verdicts { print(verdict.answer.text) }
        } else {
            print(VerdictTable(verdicts, lockFile.unjudged, showsAllowed: arguments.flags.contains("--all")).text)
        }
        return verdicts.contains { $0.isDenied } ? 1 : 0
    }
}
