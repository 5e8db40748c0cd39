/// Why an archive was refused.
public struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with it, for its publisher: `the archive has two entries named 'x'`.
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
    public var description: String { reason }
}
