/// Reads the entries of a zip archive one after the other and holds none of them: for archives of very many small files, of which
/// each is read once, and one that is damaged spoils no other.
///
/// Two entries may have one name. What an archive of a publisher must be so that all readers see the same, `ZipArchive` checks.
public struct ZipEntries {
    /// One entry.
    public enum Entry: Sendable {
        case file(name: String, contents: [UInt8])
        case directory
        /// Why it cannot be read.
        case refused(name: String, reason: String)
    }

    /// Entries in all, as the archive says.
    public let count: Int
    private let source: ArchiveSource
    private let limits: ArchiveLimits
    private let directory: ZipDirectoryPlace
    private var done = 0
    /// How much of the directory was taken off it, and what was read and not taken.
    private var position = 0
    private var window: ArraySlice<UInt8> = []
    private var unpacked: Int64 = 0
    private var packed: Int64 = 0

    private static let windowSize = 1 << 18
    /// A record of the directory has 46 bytes and three parts of at most 65,535.
    private static let maxRecordBytes = 46 + 3 * 65_535

    /// - Throws: ``ArchiveError`` for what is no archive, or has more entries than the limits allow. Blocks.
    public init(_ source: ArchiveSource, limits: ArchiveLimits = ArchiveLimits()) throws {
        self.source = source
        self.limits = limits
        directory = try ZipDirectoryPlace(source, limits: limits)
        count = directory.count
    }

    /// The next entry in the order of the directory; nil behind the last one.
    ///
    /// - Parameter limit: the largest file that is unpacked, in bytes.
    /// - Throws: ``ArchiveError`` for an archive that is damaged beyond one entry, or unpacks to more than the limits allow. Blocks.
    public mutating func next(limit: Int) throws -> Entry? {
        guard done < count else {
            guard position == directory.size, window.isEmpty else {
                throw ArchiveError("the archive's directory has more in it than entries")
            }
            return nil
        }
        try fillWindow()
        let header = try ZipEntryHeader(directory: &window)
        done += 1
        // Names are read to show them only.
        let name = String(decoding: header.name.prefix(200), as: UTF8.self)
        try count(header)
        guard header.name.last != UInt8(ascii: "/") else { return .directory }
        do {
            let start = try header.checkLocal(source)
            return .file(
                name: name,
                contents: try header.contents(named: name, at: start, before: directory.offset, source, limit: limit))
        } catch let error as ArchiveError {
            return .refused(name: name, reason: error.reason)
        }
    }

    /// Entries that lie over each other would unpack to many times what is there.
    private mutating func count(_ header: ZipEntryHeader) throws {
        let (packed, isLarge) = packed.addingReportingOverflow(header.packedSize)
        guard !isLarge, packed <= directory.offset else { throw ArchiveError("the archive has entries that overlap") }
        self.packed = packed
        let sum = unpacked.addingReportingOverflow(header.size)
        unpacked = sum.overflow ? .max : sum.partialValue
        try limits.check(unpacked: unpacked, packed: source.size)
    }

    private mutating func fillWindow() throws {
        guard window.count < Self.maxRecordBytes, position < directory.size else { return }
        let count = min(Self.windowSize, directory.size - position)
        window = Array(window)[...] + (try source.read(at: directory.offset + Int64(position), exactly: count))
        position += count
    }
}
