internal import FoundationEssentials

/// The completion of fish (its manual, `complete`), out of the forms of the commands.
enum FishCompletion {
    static var text: String {
        let first = CommandLineTool.commands.map { ($0.name, $0.form.summary) } + CommandLineTool.otherWords.map { ($0.0, $0.1) }
        let names = CommandLineTool.commands.map { $0.name }.joined(separator: " ")
        let start =
            first.map { line("__save_server_starts", "-a \($0.0)", $0.1) }
            + CommandLineTool.otherOptions.map { line("__save_server_starts", "-l \($0.name.dropFirst(2))", $0.meaning) }
        return """
            # Completion of save-server for fish, made by "save-server completions fish".

            # No command was given yet.
            function __save_server_starts
                test (count (commandline -opc)) -eq 1
            end

            # The command is the first argument, and none of the others was given.
            function __save_server_is
                set -l words (commandline -opc)
                test "$words[2]" = "$argv[1]"; or return 1
                for other in $argv[2..]
                    contains -- $other $words; and return 1
                end
                return 0
            end

            # The command is the first argument, and the second was given: what the command is to do.
            function __save_server_does
                set -l words (commandline -opc)
                test "$words[2]" = "$argv[1]"; and contains -- $argv[2] $words
            end

            complete -c save-server -f
            \((start + CommandLineTool.commands.flatMap { lines($0) }).joined(separator: "\n"))
            complete -c save-server -n '__save_server_is help' -a '\(names)'

            """
    }

    private static func lines(_ command: any Command.Type) -> [String] {
        let form = command.form
        let here = "__save_server_is \(command.name)"
        let undecided = ([here] + form.actions.map(\.name)).joined(separator: " ")
        var lines = form.actions.map { line(undecided, "-a \($0.name)", $0.meaning) }
        lines += form.operands.compactMap { operand in values(operand).map { line(here, $0, operand.meaning) } }
        lines += (form.options + [CommandLineTool.helpOption]).map { self.line(here, option($0), $0.meaning) }
        for action in form.actions {
            let there = "__save_server_does \(command.name) \(action.name)"
            lines += action.operands.compactMap { operand in values(operand).map { line(there, $0, operand.meaning) } }
            lines += action.options.map { line(there, option($0), $0.meaning) }
        }
        return lines
    }

    private static func option(_ option: CommandForm.Option) -> String {
        let name = "-l \(option.name.dropFirst(2))"
        guard let value = option.value else { return name }
        return "\(name) -r " + (values(value) ?? "-f")
    }

    private static func values(_ operand: CommandForm.Operand) -> String? {
        switch operand.kind {
        case .text: nil
        case .file: "-F"
        case .directory: "-f -a '(__fish_complete_directories)'"
        case .choice(let choices): "-f -a '\(choices.joined(separator: " "))'"
        }
    }

    private static func line(_ condition: String, _ what: String, _ meaning: String) -> String {
        let escaped = meaning.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "complete -c save-server -n '\(condition)' \(what) -d '\(escaped)'"
    }
}
