/// A format that says in a few commands how a repository is used: on the pages for browsers, and at the repository's own URL, where
/// clients are led on to an index that may be too large for a person.
public protocol UsageDescribing: Sendable {
    /// Commands to type and settings to write down, in order, those of one client together.
    ///
    /// - Parameters:
    ///   - url: the repository's URL, with a slash at its end.
    ///   - takesUploads: whether it is a hosted one.
    func usage(of url: String, takesUploads: Bool) -> [UsageExample]
}

/// One command or setting, and what it is for.
///
/// Some words stand for what is put in their place where it is known: `PACKAGE` and `VERSION`, `USER` for the name of an account, and
/// `KEY` for its API key. An example with `PACKAGE` installs, one with `VERSION` beside it a version. A command that has the URL and
/// does not say `USER` gets both in the URL where the repository asks for them.
public struct UsageExample: Sendable, Hashable {
    /// A few words, such as `Install with pip`.
    package let purpose: String
    /// What is typed, or what `file` has in it.
    package let command: String
    /// The program that it is for: `pip`. Empty where there is only one.
    package let client: String
    /// The file that it is written into, as people write its path; nil for a command.
    package let file: String?

    public init(_ purpose: String, _ command: String, client: String = "", file: String? = nil) {
        self.purpose = purpose
        self.command = command
        self.client = client
        self.file = file
    }
}
