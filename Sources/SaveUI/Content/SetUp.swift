internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// How clients are pointed at a repository, as its format says it, with the real URL and the reader's own name put in.
struct SetUp: Sendable {
    let repository: Repository
    /// The repository's URL, with a slash at its end.
    let url: String
    /// Put in place of `USER`; nil leaves it.
    let user: String?
    /// In the order of the format, those of one client together.
    let examples: [UsageExample]

    init(of repository: Repository, _ call: PageCall) async throws {
        self.repository = repository
        let url = call.origin + repository.basePath
        self.url = url
        user = call.viewer.name
        let takesUploads = repository.record.kind == .hosted && call.viewer.may(.write, repository)
        let format = repository.format.cast { $0 as? any UsageDescribing }
        examples = try await format?.ask { $0.usage(of: url, takesUploads: takesUploads) } ?? []
    }

    /// The programs that there is something for, each once.
    var clients: [String] {
        var seen: Set<String> = []
        return examples.map(\.client).filter { seen.insert($0).inserted }
    }

    /// The clients that install packages.
    var installers: [String] { clients.filter { line(for: $0, package: "x", version: nil) != nil } }

    /// The line that installs a package, or a version of it; nil where the client has none.
    func line(for client: String, package: String, version: String?) -> String? {
        let found = examples.first { example in
            example.client == client && example.file == nil && Words.contains("PACKAGE", in: example.command)
                && Words.contains("VERSION", in: example.command) == (version != nil)
        }
        return found.map { text(of: $0, package: package, version: version) }
    }

    /// An example as it is typed.
    ///
    /// - Parameter key: put in place of `KEY`; nil leaves it.
    func text(of example: UsageExample, package: String? = nil, version: String? = nil, key: String? = nil) -> String {
        var text = example.command
        let isOpen = repository.record.anonymousRead
        if isOpen {
            // Nobody needs to sign in to read.
            text = text.replacing("://USER:KEY@", with: "://")
        } else if example.file == nil, !Words.contains("USER", in: text), !Words.contains("KEY", in: text) {
            text = text.replacing(url, with: url.replacing("://", with: "://USER:KEY@", maxReplacements: 1))
        }
        // Names and versions come from outside; typed into a shell they are words and nothing more.
        if let version { text = Words.replace("VERSION", in: text) { _ in Words.quoted(version) } }
        if let package { text = Words.replace("PACKAGE", in: text) { _ in Words.quoted(package) } }
        if let user {
            text = Words.replace("USER", in: text) { isInURL in isInURL ? ASCII.percentEncoded(user) : user }
        }
        if let key { text = Words.replace("KEY", in: text) { _ in key } }
        return text
    }
}

/// The words in capitals that an example has in place of what only its reader knows.
enum Words {
    static func contains(_ word: String, in text: String) -> Bool { replace(word, in: text) { _ in "" } != text }

    /// - Parameter value: what to put in; it is told whether the word is the user in a URL.
    static func replace(_ word: String, in text: String, with value: (_ isInURL: Bool) -> String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let isPart: (UInt8) -> Bool = { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        while let byte = rest.first {
            let follows = rest.dropFirst(word.utf8.count).first
            if rest.starts(with: word.utf8), !(result.last.map(isPart) ?? false), !(follows.map(isPart) ?? false) {
                result += value(result.suffix(3).elementsEqual("://".utf8)).utf8
                rest = rest.dropFirst(word.utf8.count)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A word of a shell.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "@/._+:=-".utf8.contains($0) }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
