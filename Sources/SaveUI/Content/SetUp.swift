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

    /// - Parameter user: another account than the reader's own.
    init(of repository: Repository, _ call: PageCall, as user: String? = nil) async {
        self.repository = repository
        let url = call.origin + repository.basePath
        self.url = url
        self.user = user ?? call.viewer.name
        let takesUploads = repository.record.kind == .hosted && call.viewer.may(.write, repository)
        let format = repository.format.cast { $0 as? any UsageDescribing }
        // A format that fails says nothing of its clients; the page has the rest.
        examples = (try? await format?.ask { $0.usage(of: url, takesUploads: takesUploads) }) ?? []
    }

    /// The programs that there is something for, each once.
    var clients: [String] {
        var seen: Set<String> = []
        return examples.map(\.client).filter { seen.insert($0).inserted }
    }

    /// The clients that install packages.
    ///
    /// - Parameter version: where one is shown, or known: some formats have no line without.
    func installers(of version: String?) -> [String] { clients.filter { line(for: $0, package: "x", version: version) != nil } }

    /// The line that installs a package, or a version of it; nil where the client has none.
    func line(for client: String, package: String, version: String?) -> String? {
        let found = examples.first { example in
            example.client == client && example.file == nil && Words.contains("PACKAGE", in: example.command)
                && Words.contains("VERSION", in: example.command) == (version != nil)
        }
        guard let found else { return nil }
        let line = text(of: found, package: package, version: version)
        // A digest in the place of a tag (OCI Distribution Specification 1.1, "Pulling manifests").
        guard let version, version.utf8.starts(with: "sha256:".utf8) else { return line }
        return line.replacing(":" + version, with: "@" + version)
    }

    /// The line that installs a package where the client is set up; nil where it is the same as without.
    func shortLine(for client: String, package: String) -> String? {
        let found = examples.first { example in
            example.client == client && example.file == nil && Words.contains("PACKAGE", in: example.command)
                && ["VERSION", "USER", "KEY"].allSatisfy { !Words.contains($0, in: example.command) }
                && !example.command.contains(url)
        }
        return found.map { text(of: $0, package: package) }
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
        let typed: (String) -> String = { example.file == nil ? Words.quoted($0) : $0 }
        return Words.fill(text) { word, isInURL in
            switch word {
            case "VERSION": version.map(typed)
            case "PACKAGE": package.map(typed)
            case "USER": user.map { isInURL ? ASCII.percentEncoded($0) : typed($0) }
            default: key
            }
        }
    }
}

/// The words in capitals that an example has in place of what only its reader knows.
enum Words {
    private static let all = ["VERSION", "PACKAGE", "USER", "KEY"]

    static func contains(_ word: String, in text: String) -> Bool {
        var isThere = false
        _ = fill(text) { found, _ in
            if found == word { isThere = true }
            return nil
        }
        return isThere
    }

    /// Fills a text in, in one pass: what is put in is never looked at, whatever words it has.
    ///
    /// - Parameter value: what to put in place of a word, nil to leave it; it is told whether the word is the user in a URL.
    static func fill(_ text: String, with value: (_ word: String, _ isInURL: Bool) -> String?) -> String {
        let template = Array(text.utf8)
        let isPart: (UInt8) -> Bool = { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        var result: [UInt8] = []
        var rest = template[...]
        while let byte = rest.first {
            let before = template[..<rest.startIndex]
            let isStart = !(before.last.map(isPart) ?? false)
            let word =
                !isStart
                ? nil
                : all.first { word in
                    rest.starts(with: word.utf8) && !(rest.dropFirst(word.utf8.count).first.map(isPart) ?? false)
                }
            if let word, let put = value(word, before.suffix(3).elementsEqual("://".utf8)) {
                result += put.utf8
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
