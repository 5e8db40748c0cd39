internal import Foundation
internal import SavePlatform

/// The program: finds the command, reads its arguments, and turns what goes wrong into one line and an exit status.
package enum CommandLineTool {
    /// Runs a command line, without the program's name.
    ///
    /// - Returns: 0 for success, 1 for a failure, 2 for a command line that makes no sense.
    package static func run(_ arguments: [String], environment: [String: String]) async -> Int32 {
        do {
            return try await dispatch(arguments, environment)
        } catch let error as UsageError {
            complain("\(error.message)\n\(error.hint)")
            return 2
        } catch let error as SaveError {
            complain(error.message)
            return 1
        } catch {
            complain("\(error)")
            return 1
        }
    }

    static let commands: [any Command.Type] = [
        ServeCommand.self, CheckCommand.self, VerifyCommand.self, GCCommand.self, BackupCommand.self, RestoreCommand.self,
        UserCommand.self, ImportCommand.self, FormatsCommand.self,
    ]

    private static func dispatch(_ arguments: [String], _ environment: [String: String]) async throws -> Int32 {
        switch arguments.first {
        case nil, "--help", "-h", "help":
            print(usage)
            return arguments.isEmpty ? 2 : 0
        case "--version":
            print("save-server \(Version.current)")
            return 0
        case let name?:
            guard let command = commands.first(where: { $0.name == name }) else {
                throw UsageError("there is no command '\(name)'", hint: "save-server --help lists them")
            }
            let rest = Array(arguments.dropFirst())
            if rest.contains("--help") || rest.contains("-h") {
                print(command.help)
                return 0
            }
            return try await command.run(try Arguments(rest, of: command), environment: environment)
        }
    }

    private static var usage: String {
        let lines = commands.map { "  \($0.name.padding(toLength: 9, withPad: " ", startingAt: 0))\($0.summary)" }
        return """
            save-server: a repository manager for packages and files

            \(lines.joined(separator: "\n"))

            save-server <command> --help tells more; save-server --version tells the version.
            Configuration: a file (--config), then SAVE_<KEY> variables, then flags. docs/configuration.md lists the keys.
            """
    }

    static func complain(_ line: String) {
        Log.write(Array("save-server: \(line)\n".utf8), to: 2)
    }
}

/// One command of the program.
protocol Command: SendableMetatype {
    static var name: String { get }
    static var summary: String { get }
    static var help: String { get }
    /// Options that take a value, and those that do not, with their dashes.
    static var options: (valued: Set<String>, flags: Set<String>) { get }
    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32
}

/// A command line that makes no sense.
struct UsageError: Error {
    let message: String
    let hint: String

    init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }
}

/// The arguments of a command, sorted into options and the rest.
struct Arguments {
    private(set) var values: [String: String] = [:]
    private(set) var flags: Set<String> = []
    private(set) var positional: [String] = []

    /// Reads `--option value`, `--option=value` and `--flag`.
    init(_ arguments: [String], of command: any Command.Type) throws {
        let hint = "save-server \(command.name) --help lists its options"
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                positional.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            let name = parts[0]
            if command.options.valued.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw UsageError("\(name) needs a value", hint: hint)
                }
                values[name] = value
            } else if command.options.flags.contains(name), parts.count == 1 {
                flags.insert(name)
            } else {
                throw UsageError("unknown option \(name)", hint: hint)
            }
        }
    }

    /// The configuration that the options `--config`, `--data` and `--listen` lead to.
    func configuration(_ environment: [String: String]) throws -> ServerConfiguration {
        let flags = ["data", "listen"].compactMap { key in values["--\(key)"].map { (key: key, value: $0) } }
        return try ConfigurationReader.read(file: values["--config"], environment: environment, flags: flags)
    }
}
