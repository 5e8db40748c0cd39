internal import Glibc
internal import SaveHTTP
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
        UserCommand.self, ImportCommand.self, AdvisoriesCommand.self, EvaluateCommand.self, FormatsCommand.self,
        ConfigCommand.self,
        CompletionsCommand.self,
        ManualCommand.self,
    ]
    /// First words that are no commands of their own.
    static let otherWords = [
        (name: "help", meaning: "show the form of a command"), (name: "version", meaning: "tell the version"),
    ]
    static let otherOptions = [
        (name: "--help", meaning: "list the commands"), (name: "--version", meaning: "tell the version"),
    ]
    static let helpOption = CommandForm.Option("--help", nil, "show the form of the command")

    private static func dispatch(_ arguments: [String], _ environment: [String: String]) async throws -> Int32 {
        let rest = Array(arguments.dropFirst())
        switch arguments.first {
        case nil:
            complain("a command is missing\n\n\(usage)")
            return 2
        case "--help", "-h", "help":
            guard let name = rest.first else {
                print(usage)
                return 0
            }
            print(CommandHelp.text(try command(name)))
            return 0
        case "--version", "-v", "-V", "version":
            guard rest.isEmpty else {
                throw UsageError("'\(arguments[0])' takes nothing: '\(rest[0])' is too much", hint: hint)
            }
            print("save-server \(Version.current)")
            return 0
        case let name?:
            let command = try command(name)
            // Behind `--` everything is an operand.
            if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
                print(CommandHelp.text(command))
                return 0
            }
            return try await command.run(try Arguments(rest, of: command), environment: environment)
        }
    }

    private static let hint = "save-server --help lists the commands"

    private static func command(_ name: String) throws -> any Command.Type {
        if let command = commands.first(where: { $0.name == name }) { return command }
        let isOption = name.utf8.first == UInt8(ascii: "-")
        let nearest = EditDistance.nearest(to: name, in: commands.map { $0.name }) ?? ""
        throw UsageError(
            isOption
                ? "a command comes first, and '\(name)' is none"
                : "there is no command '\(name)'; the nearest one is '\(nearest)'",
            hint: hint)
    }

    private static var usage: String {
        """
        save-server: a repository manager for packages and files

        \(CommandHelp.columns(commands.map { ($0.name, $0.form.summary) }))

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
    static var form: CommandForm { get }
    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32
}
