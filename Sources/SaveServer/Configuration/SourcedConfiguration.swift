/// Where the value of a key was said.
package enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case standard
    case file(String, line: Int)
    case variable(String)
    case flag(String)

    package var description: String {
        switch self {
        case .standard: "default"
        case .file(let path, let line): "\(path), line \(line)"
        case .variable(let name): "the variable \(name)"
        case .flag(let name): name
        }
    }
}

/// A configuration that knows where each of its values comes from.
package struct SourcedConfiguration: Sendable {
    package private(set) var configuration = ServerConfiguration()
    /// What was said, by key. What is not here has its default.
    private var said: [String: (text: String, source: SettingSource)] = [:]

    mutating func set(_ setting: Setting, _ text: String, _ source: SettingSource) throws(SettingError) {
        try setting.apply(&configuration, text)
        said[setting.key] = (text, source)
    }

    mutating func setListen(host: String, port: UInt16, _ source: SettingSource) {
        configuration.host = host
        configuration.port = port
        said["host"] = (host, source)
        said["port"] = (String(port), source)
    }

    package func source(of key: String) -> SettingSource { said[key]?.source ?? .standard }

    /// A line for each key: `key = value    # source`. Names and passwords in addresses are hidden.
    package var lines: [String] {
        shown.map { "\($0.key) =\($0.value.isEmpty ? "" : " \($0.value)")    # \($0.source)" }
    }

    /// Each key with its value and where that comes from. Names and passwords in addresses are hidden.
    package var shown: [(key: String, value: String, source: String)] {
        Setting.all.map { setting in
            let text = said[setting.key]?.text ?? setting.standard
            let value = Self.visible(
                setting.isSecret && !text.isEmpty
                    ? "***" : setting.mayHaveCredentials ? Self.withoutCredentials(text) : text)
            return (setting.key, value, Self.visible("\(source(of: setting.key))"))
        }
    }

    /// `http://name:password@host` and `name:password@host` with `***` for what stands before the last `@`, and for the queries of
    /// URLs, where tokens are.
    private static func withoutCredentials(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return withoutQueries(text[...]) }
        let before = text[..<at]
        let scheme = before.firstRange(of: "://").map { before[..<$0.upperBound] } ?? ""
        // An `@` in a query stands in a secret.
        guard !before.utf8.contains(UInt8(ascii: "?")) else { return "\(scheme)***" }
        return "\(scheme)***\(withoutQueries(text[at...]))"
    }

    /// A query ends where the next URL of a list begins.
    private static func withoutQueries(_ text: Substring) -> String {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return String(text) }
        let rest = text[mark...]
        let next = ["http:", "https:"].flatMap { ["," + $0, ", " + $0] }.compactMap { rest.firstRange(of: $0)?.lowerBound }
        return "\(text[...mark])***" + (next.min().map { withoutQueries(text[$0...]) } ?? "")
    }

    /// The text itself, or in quotes where it would not be seen as it is: a value must not make up a line of another key, or a
    /// source.
    private static func visible(_ text: String) -> String {
        let hasEdges = text.utf8.first == UInt8(ascii: " ") || text.utf8.last == UInt8(ascii: " ")
        guard hasEdges || text.contains(" #") || text.unicodeScalars.contains(where: isHidden) else { return text }
        return "\"" + text.unicodeScalars.map { $0.escaped(asASCII: isHidden($0)) }.joined() + "\""
    }

    /// Whether a terminal shows something else than a sign for it.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: true
        default: false
        }
    }
}
