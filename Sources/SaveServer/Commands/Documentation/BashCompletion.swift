/// The completion of bash (its manual, "Programmable Completion"), out of the forms of the commands.
enum BashCompletion {
    static var text: String {
        let first =
            CommandLineTool.commands.map { $0.name } + CommandLineTool.otherWords.map(\.name)
            + CommandLineTool.otherOptions.map(\.name)
        let names = CommandLineTool.commands.map { $0.name }
        return """
            # Completion of save-server for bash, made by "save-server completions bash".
            _save_server() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
                local words= paths= options= action= operand=0 index
                COMPREPLY=()
                if (( COMP_CWORD == 1 )); then
                    COMPREPLY=( $(compgen -W '\(first.joined(separator: " "))' -- "$cur") )
                    return
                fi
                # Readline takes --option=value for three words.
                if [[ $cur == = ]]; then
                    cur=
                elif [[ $prev == = ]]; then
                    prev=${COMP_WORDS[COMP_CWORD-2]}
                fi
                # How many operands stand before the word, and the first of them.
                for (( index = 2; index < COMP_CWORD; index++ )); do
                    case "$command ${COMP_WORDS[index]}" in
                        \(valueOptions.joined(separator: " | ")))
                            (( index++ ))
                            [[ ${COMP_WORDS[index]} == = ]] && (( index++ )) ;;
                        *' -'*) ;;
                        *)
                            (( operand == 0 )) && action=${COMP_WORDS[index]}
                            (( operand++ )) ;;
                    esac
                done
                case "$command $prev" in
            \(optionValues.joined(separator: "\n"))
                    *)
                        case "$command $action" in
            \(options.joined(separator: "\n"))
                        esac
                        case "$command $operand $action" in
                            'help 0 ') words='\(names.joined(separator: " "))' ;;
            \(operands.joined(separator: "\n"))
                        esac
                        if [[ $cur == -* || -z $words$paths ]]; then
                            words=$options
                            paths=
                        fi ;;
                esac
                if [[ -n $paths ]]; then
                    compopt -o filenames 2> /dev/null
                    mapfile -t COMPREPLY < <(compgen "$paths" -- "$cur")
                else
                    COMPREPLY=( $(compgen -W "$words" -- "$cur") )
                fi
            }
            complete -F _save_server save-server

            """
    }

    /// Patterns of the options that the next word belongs to.
    private static var valueOptions: [String] {
        CommandLineTool.commands.flatMap { command in
            command.form.allOptions.filter { $0.value != nil }.map { "'\(command.name) \($0.name)'" }
        }
    }

    private static var optionValues: [String] {
        CommandLineTool.commands.flatMap { command in
            command.form.allOptions.compactMap { option in
                option.value.map { "        '\(command.name) \(option.name)') \(assignment($0)) ;;" }
            }
        }
    }

    private static var options: [String] {
        CommandLineTool.commands.flatMap { command in
            let form = command.form
            let actions = form.actions.map { line("'\(command.name) \($0.name)'", form.options + $0.options) }
            return actions + [line("'\(command.name) '*", form.allOptions)]
        }
    }

    private static func line(_ pattern: String, _ options: [CommandForm.Option]) -> String {
        let names = (options + [CommandLineTool.helpOption]).map(\.name)
        return "                \(pattern)) options='\(names.joined(separator: " "))' ;;"
    }

    private static var operands: [String] {
        CommandLineTool.commands.flatMap { command in
            let form = command.form
            let plain = form.operands.enumerated().map { "'\(command.name) \($0.offset) '*) \(assignment($0.element))" }
            let actions = form.actions.flatMap { action in
                action.operands.enumerated().map {
                    "'\(command.name) \($0.offset + 1) \(action.name)') \(assignment($0.element))"
                }
            }
            let first = form.actions.map(\.name).joined(separator: " ")
            return (plain + (first.isEmpty ? [] : ["'\(command.name) 0 ') words='\(first)'"]) + actions).map {
                "                \($0) ;;"
            }
        }
    }

    private static func assignment(_ operand: CommandForm.Operand) -> String {
        switch operand.kind {
        case .text: ":"
        case .file: "paths=-f"
        case .directory: "paths=-d"
        case .choice(let choices): "words='\(choices.joined(separator: " "))'"
        }
    }
}
