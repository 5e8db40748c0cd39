import Foundation
import SavePostgres
import SaveSQLMetadata
import Synchronization

/// A PostgreSQL of the system's package in a folder of its own, that ends with the process which started it.
///
/// SAFETY: `@unchecked Sendable`: the pipes are used with `lock` held only.
final class PostgresServer: @unchecked Sendable {
    /// The one that suites share, each test in a database of its own.
    static let shared = Result { try PostgresServer() }

    private let folder: String
    private let commands = Pipe()
    private let answers = Pipe()
    private let lock = NSLock()
    private let databases = Atomic(0)

    /// Obeys words on standard input, answers each with a line, and ends the server at the end of input.
    private static let script = """
        set -eu
        cd "$1"
        export PATH="/usr/lib/postgresql/15/bin:$PATH"
        initdb -D data -A trust -U save -N -E UTF8 --locale=C --no-instructions > initdb.log 2>&1
        begin() {
            while :; do
                postgres -D data -k "$1" -c listen_addresses= -c fsync=off -c shared_buffers=32MB \
                    -c max_connections=100 -c log_min_messages=error >> server.log 2>&1 < /dev/null &
                server=$!
                until pg_isready -q -h "$1" || ! kill -0 "$server" 2> /dev/null; do sleep 0.05; done
                if kill -0 "$server" 2> /dev/null; then break; fi
            done
            echo ready
        }
        begin "$1"
        while read -r word; do
            case "$word" in
                crash) kill -9 "$server"; wait "$server" 2> /dev/null || true; echo crashed ;;
                start) begin "$1" ;;
            esac
        done
        kill -INT "$server" 2> /dev/null && wait "$server" || true
        rm -rf "$1"
        """

    init() throws {
        // Short, for a socket's name has 107 bytes (unix(7)), and where the account that PostgreSQL runs under may go.
        var template = Array("/tmp/save-pg.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(message: "no temporary folder") }
        folder = String(cString: made)
        let process = Process()
        // The server refuses to run as root.
        let shell = ["/bin/sh", "-c", Self.script, "sh", folder]
        if geteuid() == 0 {
            chown(folder, getpwnam("nobody").pointee.pw_uid, getpwnam("nobody").pointee.pw_gid)
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "nobody", "--"] + shell
        } else {
            process.executableURL = URL(filePath: shell[0])
            process.arguments = Array(shell.dropFirst())
        }
        process.standardInput = commands
        process.standardOutput = answers
        try process.run()
        try expect("ready")
    }

    struct Failure: Error { let message: String }

    private func expect(_ answer: String) throws {
        var line: [UInt8] = []
        while true {
            guard let byte = try answers.fileHandleForReading.read(upToCount: 1)?.first else {
                let log = (try? String(contentsOfFile: folder + "/initdb.log", encoding: .utf8)) ?? ""
                throw Failure(message: "the server did not start (is postgresql-15 installed?): \(log)")
            }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        guard String(decoding: line, as: UTF8.self) == answer else { throw Failure(message: "no \(answer)") }
    }

    private func command(_ word: String, _ answer: String) throws {
        lock.lock()
        defer { lock.unlock() }
        try commands.fileHandleForWriting.write(contentsOf: Data("\(word)\n".utf8))
        try expect(answer)
    }

    /// Kills the server's first process, as a crash of the machine would.
    func crash() throws { try command("crash", "crashed") }
    func start() throws { try command("start", "ready") }

    /// A new and empty database.
    func makeDatabase() throws -> String {
        let name = "save\(databases.add(1, ordering: .relaxed).newValue)"
        try run("CREATE DATABASE \(name)", in: "postgres")
        return name
    }

    /// Runs statements as another program would. Returns what they answer, a line for each row.
    @discardableResult
    func run(_ sql: String, in database: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/lib/postgresql/15/bin/psql")
        process.arguments = [
            "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "save", "-d", database, "-c", sql,
        ]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let problem = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(message: problem) }
        return text
    }

    /// - Parameter hosts: folders of sockets of other servers, which are asked first.
    func address(_ database: String, hosts: [String] = [], password: String = "hunter2") throws -> PostgresAddress {
        try PostgresAddress(try url(database, hosts: hosts, password: password))
    }

    func url(_ database: String, hosts: [String] = [], password: String = "hunter2") throws -> String {
        let hosts = (hosts + [folder]).map { $0.replacingOccurrences(of: "/", with: "%2F") }.joined(separator: ",")
        return "postgresql://save:\(password)@/\(database)?host=\(hosts)"
    }

    func open(_ database: String, connections: Int = 6) async throws -> SQLMetadataStore {
        try await PostgresStore.open(try address(database), connections: connections)
    }
}
