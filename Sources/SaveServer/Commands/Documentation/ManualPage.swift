/// save-server(8), in the macros of man (groff_man(7)), out of the forms of the commands and the keys of the configuration.
enum ManualPage {
    static var text: String {
        let lines =
            [
                ".TH SAVE\\-SERVER 8 \"\" \"save\\-server \(Roff.text(Version.current))\" \"System administration\"",
                ".SH NAME", "save\\-server \\- a repository manager for packages and files",
                ".SH SYNOPSIS", Roff.bold("save-server") + " \\fICOMMAND\\fR [\\fIOPTIONS\\fR]", ".br",
                Roff.bold("save-server help") + " [\\fICOMMAND\\fR]", ".br",
                Roff.bold("save-server version"),
                ".SH COMMANDS",
            ] + CommandLineTool.commands.flatMap { command($0) } + configuration + environment
            + [
                ".SH EXIT STATUS", "0 for success, 1 for a failure or a finding, 2 for a command line that makes no sense.",
            ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func command(_ command: any Command.Type) -> [String] {
        let form = command.form
        let synopsis = CommandHelp.synopsis(command).flatMap { [Roff.bold($0), ".br"] }.dropLast()
        let actions = form.actions.flatMap { action in
            entry(([action.name] + action.operands.map(\.shown)).joined(separator: " "), action.meaning)
        }
        let operands = form.operands.filter { !$0.meaning.isEmpty }.flatMap { entry($0.shown, $0.meaning) }
        let options = form.allOptions.flatMap { entry($0.shown, $0.meaning) }
        let description = form.description.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.isEmpty ? ".PP" : Roff.text(String($0))
        }
        return [".SS " + Roff.text(command.name)] + synopsis + [
            ".PP", Roff.text(form.summary.prefix(1).uppercased() + form.summary.dropFirst()) + ".",
        ] + actions + operands
            + options + [".PP"] + description
    }

    private static var configuration: [String] {
        [
            ".SH CONFIGURATION",
            Roff.text(
                "A value comes from, each overriding the one before it: its default; the file that --config or SAVE_CONFIG names; the variable SAVE_<KEY>, in capitals; an option, where there is one. `save-server config` shows the values with where they come from, `save-server config --sample` prints a file to begin with."
            ),
        ]
            + Setting.all.flatMap { setting in
                entry(
                    setting.key,
                    "\(setting.meaning) " + (setting.standard.isEmpty ? "No default." : "Default: \(setting.standard)."))
            }
    }

    private static var environment: [String] {
        [".SH ENVIRONMENT"] + entry("SAVE_CONFIG", "The configuration file, where --config names none.")
            + entry("SAVE_ADMIN_PASSWORD", "The password of `admin` on the very first start.")
            + entry("SAVE_<KEY>", "The value of a key of the configuration.")
    }

    private static func entry(_ term: String, _ meaning: String) -> [String] { [".TP", Roff.bold(term), Roff.text(meaning)] }
}

/// Text as roff reads it (groff(7), "Escape sequences").
enum Roff {
    static func bold(_ text: String) -> String { "\\fB\(self.text(text))\\fR" }

    /// One line of text. What stands between backticks is bold.
    static func text(_ text: String) -> String {
        var result = ""
        var isBold = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "`":
                isBold.toggle()
                result += isBold ? "\\fB" : "\\fR"
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "\"": result += "\\(dq"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case _ where scalar.value >= 127:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + "]"
            default: result.unicodeScalars.append(scalar)
            }
        }
        // A line that begins with a dot would be a request.
        return result.utf8.first == UInt8(ascii: ".") ? "\\&" + result : result
    }
}
