internal import FoundationEssentials
internal import Glibc

/// The completion of zsh (zshcompsys(1), `_arguments`), out of the forms of the commands.
enum ZshCompletion {
    static var text: String {
        let first = CommandLineTool.commands.map { ($0.name, $0.form.summary) } + CommandLineTool.otherWords.map { ($0.0, $0.1) }
        let cases = CommandLineTool.commands.map { "            \($0.name)) _save_server_\($0.name) ;;" }
        let names = CommandLineTool.commands.map { $0.name }.joined(separator: " ")
        return """
            #compdef save-server
            # Completion of save-server for zsh, made by "save-server completions zsh".

            \(CommandLineTool.commands.map { function($0) }.joined(separator: "\n\n"))

            _save_server() {
                local curcontext="$curcontext" state line
                typeset -A opt_args
                _arguments -C \\
                    \(CommandLineTool.otherOptions.map { quoted("(- *)\($0.name)[\(escaped($0.meaning))]") }.joined(separator: " ")) \\
                    \(quoted("1:command:\(choices(first))")) '*::argument:->argument'
                [[ $state == argument ]] || return
                case $words[1] in
            \(cases.joined(separator: "\n"))
                        help) _arguments '1:command:(\(names))' ;;
                esac
            }

            # Loaded by compinit it is the function itself; read by source it only has to be made known.
            if [[ $funcstack[1] == _save_server ]]; then
                _save_server "$@"
            else
                compdef _save_server save-server
            fi

            """
    }

    private static func function(_ command: any Command.Type) -> String {
        let form = command.form
        let head = "_save_server_\(command.name)() {\n"
        guard !form.actions.isEmpty else { return head + arguments(form.options, form.operands, "    ") + "\n}" }
        let actions = form.actions.map { action in
            "        \(action.name))\n"
                + arguments(form.options + action.options, action.operands, "            ") + " ;;"
        }
        let choice = choices(form.actions.map { ($0.name, $0.meaning) })
        let specs = form.options.map { spec($0) } + [quoted("1:action:\(choice)"), "'*::operand:->operand'"]
        return head + """
                local curcontext="$curcontext" state line
                typeset -A opt_args
                _arguments -C \\
                    \(specs.joined(separator: " \\\n        "))
                [[ $state == operand ]] || return
                case $words[1] in
            \(actions.joined(separator: "\n"))
                esac
            }
            """
    }

    private static func arguments(_ options: [CommandForm.Option], _ operands: [CommandForm.Operand], _ indent: String) -> String
    {
        let specs =
            (options + [CommandLineTool.helpOption]).map { spec($0) }
            + operands.enumerated().map { quoted("\($0.offset + 1):\($0.element.name):\(values($0.element))") }
        return "\(indent)_arguments \\\n" + specs.map { "\(indent)    \($0)" }.joined(separator: " \\\n")
    }

    private static func spec(_ option: CommandForm.Option) -> String {
        guard let value = option.value else { return quoted("\(option.name)[\(escaped(option.meaning))]") }
        return quoted("\(option.name)=[\(escaped(option.meaning))]:\(escaped(value.name)):\(values(value))")
    }

    private static func values(_ operand: CommandForm.Operand) -> String {
        switch operand.kind {
        case .text: " "
        case .file: "_files"
        case .directory: "_files -/"
        case .choice(let choices): "(\(choices.joined(separator: " ")))"
        }
    }

    /// `((word\:"meaning" …))`, as an action of `_arguments`.
    private static func choices(_ words: [(String, String)]) -> String {
        "((" + words.map { "\($0.0)\\:\"\(escaped($0.1))\"" }.joined(separator: " ") + "))"
    }

    /// Without what ends a part of a specification.
    private static func escaped(_ text: String) -> String {
        ["[", "]", ":", "\"", "`", "$"].reduce(text.replacing("\\", with: "\\\\")) {
            $0.replacing($1, with: "\\" + $1)
        }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
