/// What a command's words may be: the one source of what is accepted, of `--help`, of completions and of the manual.
struct CommandForm: Sendable {
    /// One of the things that a command line has beside options, or the value of an option.
    struct Operand: Sendable {
        enum Kind: Sendable {
            case text, file, directory
            case choice([String])
        }

        /// As help shows it, in capitals.
        let name: String
        let kind: Kind
        let meaning: String
        /// The option that is given in its place.
        let replacement: String?
        /// Whether more of its kind may follow; of the last one only.
        let repeats: Bool

        init(
            _ name: String, _ kind: Kind = .text, _ meaning: String = "", replacedBy replacement: String? = nil,
            repeats: Bool = false
        ) {
            self.name = name
            self.kind = kind
            self.meaning = meaning
            self.replacement = replacement
            self.repeats = repeats
        }

        /// What may be written: the name, or the choices.
        var shown: String {
            if case .choice(let choices) = kind { return choices.joined(separator: "|") }
            return name
        }
    }

    struct Option: Sendable {
        /// With its dashes.
        let name: String
        /// What follows it; nil for an option that is a switch.
        let value: Operand?
        let meaning: String

        init(_ name: String, _ value: Operand? = nil, _ meaning: String) {
            self.name = name
            self.value = value
            self.meaning = meaning
        }

        var shown: String { value.map { "\(name) \($0.shown)" } ?? name }
    }

    /// What the first word says is to be done, where a command can do several things.
    struct Action: Sendable {
        let name: String
        let operands: [Operand]
        /// Those that go with this action only.
        var options: [Option] = []
        let meaning: String
    }

    /// What the command does, in one line.
    let summary: String
    var actions: [Action] = []
    /// Where there are no actions.
    var operands: [Operand] = []
    let options: [Option]
    /// Paragraphs with an empty line between them.
    let description: String

    /// Every option, those of actions with them.
    var allOptions: [Option] { options + actions.flatMap(\.options) }
}

extension CommandForm.Option {
    static let config = Self("--config", .init("FILE", .file), "configuration file; SAVE_CONFIG names one as well")
    static let data = Self(
        "--data", .init("DIR", .directory), "directory of the database, the files and the server's key (default: data)")
    static let listen = Self(
        "--listen", .init("HOST:PORT"), "address; port 0 picks a free one (default: 127.0.0.1:8080)")
    static let quiet = Self("--quiet", nil, "say nothing of how far the work is")
}
