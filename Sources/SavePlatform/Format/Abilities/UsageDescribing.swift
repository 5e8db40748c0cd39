/// A format that says in a few commands how a repository is used: for a person who opens the repository's URL in a browser, where
/// clients are led on to an index that may be too large for one.
public protocol UsageDescribing: Sendable {
    /// Commands to type, in order.
    ///
    /// - Parameters:
    ///   - url: the repository's URL, with a slash at its end.
    ///   - takesUploads: whether it is a hosted one.
    func usage(of url: String, takesUploads: Bool) -> [UsageExample]
}

/// One command, and what it is for.
public struct UsageExample: Sendable, Hashable {
    /// A few words, such as `Install with pip`.
    package let purpose: String
    /// What is typed.
    package let command: String

    public init(_ purpose: String, _ command: String) {
        self.purpose = purpose
        self.command = command
    }
}
