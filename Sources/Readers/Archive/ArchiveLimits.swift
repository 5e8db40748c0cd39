/// How much of an archive is looked at before it is refused. Any value will do: what is below zero counts as zero.
public struct ArchiveLimits: Sendable {
    /// Entries.
    public var entries = 100_000
    /// The sum of all entries' sizes, unpacked, in bytes.
    public var unpacked: Int64 = 16 << 30
    /// Unpacked bytes for each byte of the file, looked at above 64 MiB unpacked.
    public var ratio: Int64 = 50
    /// The names of all entries together, in bytes.
    public var names = 32 << 20

    public init() {}

    /// Above this no ratio is too high: small files of zeros are honest.
    static let ratioFloor: Int64 = 64 << 20

    func check(unpacked: Int64, packed: Int64) throws {
        guard unpacked <= self.unpacked else { throw ArchiveError("the archive unpacks to more than \(self.unpacked) bytes") }
        guard unpacked <= Self.ratioFloor || unpacked / max(1, ratio) <= packed else {
            throw ArchiveError("the archive unpacks to more than \(ratio) times its size")
        }
    }
}
