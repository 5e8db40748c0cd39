internal import SavePlatform

/// A command line that makes no sense.
struct UsageError: Error {
    let message: String
    let hint: String

    init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }
}

/// The arguments of a command, sorted and checked by its form.
struct Arguments {
    private(set) var values: [String: String] = [:]
    private(set) var flags: Set<String> = []
    /// The word that says what is to be done; nil for commands that do one thing.
    private(set) var action: String?
    /// As many as the form has, or more where the last one repeats.
    private(set) var operands: [String] = []

    /// Reads `--option value`, `--option=value`, `--flag` and operands; after `--` everything is an operand.
    init(_ arguments: [String], of command: any Command.Type) throws {
        let hint = "save-server \(command.name) --help shows the form"
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                break
            }
            guard argument.utf8.first == UInt8(ascii: "-"), argument != "-" else {
                words.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            try addOption(parts[0], parts.count == 2 ? parts[1] : nil, &rest, command.form, hint)
        }
        let form = command.form
        var name = command.name
        var wanted = form.operands
        if !form.actions.isEmpty {
            let known = form.actions.map(\.name)
            guard !words.isEmpty else {
                throw UsageError("\(name) needs a word that says what to do: \(Self.list(known))", hint: hint)
            }
            let word = words.removeFirst()
            guard let action = form.actions.first(where: { $0.name == word }) else {
                throw UsageError("\(name) cannot '\(word)': it can \(Self.list(known))", hint: hint)
            }
            self.action = word
            name += " " + word
            wanted = action.operands
            try checkOptions(of: action, form, hint)
        }
        try check(words, wanted.filter { $0.replacement.map { !flags.contains($0) } ?? true }, name, hint)
        operands = words
    }

    private mutating func addOption(
        _ name: String, _ given: String?, _ rest: inout ArraySlice<String>, _ form: CommandForm, _ hint: String
    ) throws {
        guard let option = form.allOptions.first(where: { $0.name == name }) else {
            let names = form.allOptions.map(\.name)
            let nearest = EditDistance.nearest(to: name, in: names).map { "; the nearest known one is \($0)" } ?? ""
            throw UsageError("unknown option \(name)\(nearest)", hint: hint)
        }
        guard values[name] == nil, !flags.contains(name) else { throw UsageError("\(name) is given twice", hint: hint) }
        guard let operand = option.value else {
            guard given == nil else { throw UsageError("\(name) takes no value", hint: hint) }
            flags.insert(name)
            return
        }
        guard let value = given ?? rest.popFirst() else {
            throw UsageError("\(name) needs a value: \(operand.shown)", hint: hint)
        }
        try Self.check(value, operand, hint)
        values[name] = value
    }

    private func checkOptions(of action: CommandForm.Action, _ form: CommandForm, _ hint: String) throws {
        for other in form.actions where other.name != action.name {
            for option in other.options where !action.options.contains(where: { $0.name == option.name }) {
                guard values[option.name] == nil, !flags.contains(option.name) else {
                    throw UsageError("\(option.name) goes with '\(other.name)', not with '\(action.name)'", hint: hint)
                }
            }
        }
    }

    private func check(_ words: [String], _ wanted: [CommandForm.Operand], _ name: String, _ hint: String) throws {
        if words.count < wanted.count {
            let missing = wanted[words.count]
            let meaning = missing.meaning.isEmpty ? "" : ", \(missing.meaning)"
            let other = missing.replacement.map { ", or \($0)" } ?? ""
            throw UsageError("'\(name)' needs \(missing.shown)\(meaning)\(other): it is missing", hint: hint)
        }
        if words.count > wanted.count, wanted.last?.repeats != true {
            let takes = wanted.isEmpty ? "no operands" : wanted.map(\.shown).joined(separator: " ") + " and no more"
            throw UsageError("'\(name)' takes \(takes): '\(words[wanted.count])' is too much", hint: hint)
        }
        for (index, word) in words.enumerated() {
            guard let operand = index < wanted.count ? wanted[index] : wanted.last else { continue }
            try Self.check(word, operand, hint)
        }
    }

    private static func check(_ word: String, _ operand: CommandForm.Operand, _ hint: String) throws {
        if case .choice(let choices) = operand.kind, !choices.contains(word) {
            throw UsageError("'\(word)' is no \(operand.name): it is \(list(choices, "or"))", hint: hint)
        }
        guard !word.isEmpty else { throw UsageError("\(operand.name) must not be empty", hint: hint) }
    }

    private static func list(_ words: [String], _ last: String = "or") -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " \(last) " + (words.last ?? "")
    }

    /// An operand of the command's form, or of its action's.
    func operand(_ index: Int) throws -> String {
        guard operands.indices.contains(index) else {
            throw SaveError(.internalFailure, "the command asks for more operands than its form has")
        }
        return operands[index]
    }

    /// The configuration that the options `--config`, `--data` and `--listen` lead to.
    func configuration(_ environment: [String: String]) throws -> ServerConfiguration {
        try configurationWithSources(environment).configuration
    }

    func configurationWithSources(_ environment: [String: String]) throws -> SourcedConfiguration {
        try ConfigurationReader.readWithSources(
            file: values["--config"], environment: environment, flags: configurationFlags)
    }

    /// The options that are keys of the configuration.
    var configurationFlags: ConfigurationReader.Flags {
        ["data", "listen"].compactMap { key in values["--\(key)"].map { (key: key, value: $0) } }
    }
}
