/// Why an archive was refused.
package struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with it, for its publisher: `the archive has two entries named 'x'`.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
    package var description: String { reason }
}
