/// The help of a command, out of its form.
enum CommandHelp {
    static func text(_ command: any Command.Type) -> String {
        let form = command.form
        var parts = [synopsis(command).joined(separator: "\n")]
        let named = form.operands.filter { !$0.meaning.isEmpty }.map { ($0.name, $0.meaning) }
        let actions = form.actions.map { action in
            (([action.name] + action.operands.map(\.name)).joined(separator: " "), action.meaning)
        }
        for block in [actions, named, form.allOptions.map { ($0.shown, $0.meaning) }] where !block.isEmpty {
            parts.append(columns(block))
        }
        parts.append(form.description)
        return parts.joined(separator: "\n\n")
    }

    /// The forms of a command, a line each.
    static func synopsis(_ command: any Command.Type) -> [String] {
        let form = command.form
        let general = form.options.map { "[\($0.shown)]" }
        guard !form.actions.isEmpty else {
            return [(["save-server", command.name] + general + form.operands.map(word)).joined(separator: " ")]
        }
        return form.actions.map { action in
            let own = action.operands.map(\.shown) + action.options.map { "[\($0.shown)]" }
            return (["save-server", command.name, action.name] + own + general).joined(separator: " ")
        }
    }

    private static func word(_ operand: CommandForm.Operand) -> String {
        operand.replacement == nil ? operand.shown : "[\(operand.shown)]"
    }

    /// Names and meanings side by side; a meaning that does not fit goes on below itself.
    static func columns(_ rows: [(name: String, meaning: String)], width: Int = 100) -> String {
        let margin = min(28, (rows.map(\.name.utf8.count).max() ?? 0) + 4)
        return rows.map { row in
            let name = "  \(row.name)"
            let isLong = name.utf8.count + 2 > margin
            let gap = isLong ? "\n" + spaces(margin) : spaces(margin - name.utf8.count)
            let lines = wrapped(row.meaning, width: width - margin)
            return name + gap + lines.joined(separator: "\n" + spaces(margin))
        }.joined(separator: "\n")
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    /// Lines of at most so many bytes, unless a word is longer.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.utf8.count + word.utf8.count < width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
