internal import SavePlatform

/// `completions`: what makes a shell complete the words of a command line.
enum CompletionsCommand: Command {
    static let name = "completions"
    static let form = CommandForm(
        summary: "print what a shell needs to complete command lines",
        operands: [.init("SHELL", .choice(["bash", "zsh", "fish"]), "the shell that it is for")],
        options: [],
        description: """
            `make install` puts all three where the shells look for them. For one shell that runs:
            source <(save-server completions bash).
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        switch try arguments.operand(0) {
        case "bash": print(BashCompletion.text, terminator: "")
        case "zsh": print(ZshCompletion.text, terminator: "")
        case "fish": print(FishCompletion.text, terminator: "")
        case let shell: throw SaveError(.unsupported, "there are no completions for '\(shell)': bash, zsh and fish have some")
        }
        return 0
    }
}
