/// A zip archive (APPNOTE.TXT 6.3.10), accepted only in the one shape that every reader understands in the same way.
///
/// Zip has two lists of its entries, at the front of each entry and at the end of the file, and readers differ in which
/// they believe. Here both must say the same, the entries must fill the file without gaps, overlaps, text before or after
/// them, and no name may occur twice: what one reader sees is then what all see. Nothing is ever unpacked to a disk.
public struct ZipArchive {
    /// An entry of the archive.
    public struct Entry: Sendable {
        /// Relative, without dot segments; directories end in a slash.
        public let name: String
        /// Whether every reader reads the same name: ASCII, or UTF-8.
        public let hasPortableName: Bool
        /// Whether it is unpacked as a symbolic link.
        public var isSymbolicLink: Bool { header.kind == .symbolicLink }
        /// Unpacked, in bytes.
        public let size: Int64
        let header: ZipEntryHeader
        /// Where its packed bytes start; nil where its own header was not read yet.
        let dataOffset: Int64?
    }

    /// In the order of the central directory.
    public let entries: [Entry]
    private let source: ArchiveSource
    private let directoryOffset: Int64

    /// How much of an archive is checked before its entries are read.
    public enum Scrutiny: Sendable {
        /// Every entry's own header, and that the entries fill the file: for an archive that is about to be taken.
        case everyEntry
        /// The directory alone; an entry's own header when the entry is read. For one entry of an archive of which only
        /// parts are at hand, and which somebody else has taken.
        case directory
    }

    /// Reads the directory and, unless told otherwise, checks every entry's own header against it.
    ///
    /// - Throws: ``ArchiveError`` for anything unusual, and what the source throws. Blocks.
    public init(
        _ source: ArchiveSource, limits: ArchiveLimits = ArchiveLimits(), checking scrutiny: Scrutiny = .everyEntry
    ) throws {
        self.source = source
        let directory = try ZipDirectory(source, limits: limits)
        directoryOffset = directory.offset
        var seen = Set<[UInt8]>()
        var unpacked: Int64 = 0
        for header in directory.headers {
            guard seen.insert(header.name).inserted else {
                throw ArchiveError("the archive has two entries named '\(String(decoding: header.name, as: UTF8.self))'")
            }
            // Saturating: each size may be as large as the format allows.
            unpacked = unpacked.addingReportingOverflow(header.size).overflow ? .max : unpacked + header.size
        }
        try limits.check(unpacked: unpacked, packed: source.size)
        let offsets = scrutiny == .everyEntry ? try Self.dataOffsets(directory, source) : nil
        entries = try directory.headers.enumerated().map { index, header in
            let (name, isPortable) = try ZipEntryName.text(header.name, flags: header.flags)
            guard header.kind != .other else {
                throw ArchiveError("the archive has \(EntryName.shown(header.name)), which is a device or a pipe and not a file")
            }
            return Entry(
                name: name, hasPortableName: isPortable, size: header.size, header: header, dataOffset: offsets?[index])
        }
    }

    /// Checks that no symbolic link leads out of the archive's top directory.
    ///
    /// - Throws: ``ArchiveError`` for one that does. Blocks.
    public func checkLinks() throws {
        var links = EntryLinks()
        for entry in entries where entry.isSymbolicLink {
            try links.add(entry.header.name, to: try contents(of: entry, limit: EntryName.maxBytes))
        }
        try links.check(entries.lazy.map(\.header.name))
    }

    /// The unpacked bytes of an entry.
    ///
    /// - Throws: ``ArchiveError`` for an entry larger than `limit`, damaged data, another size or checksum than it claims.
    ///   Blocks.
    public func contents(of entry: Entry, limit: Int) throws -> [UInt8] {
        let start = try entry.dataOffset ?? entry.header.checkLocal(source)
        return try entry.header.contents(named: entry.name, at: start, before: directoryOffset, source, limit: limit)
    }

    /// Walks the entries in the order in which they lie in the file: each must begin where the one before ended.
    private static func dataOffsets(_ directory: ZipDirectory, _ source: ArchiveSource) throws -> [Int64] {
        var offsets = [Int64](repeating: 0, count: directory.headers.count)
        var place: Int64 = 0
        for index in directory.headers.indices.sorted(by: { directory.headers[$0].offset < directory.headers[$1].offset }) {
            let header = directory.headers[index]
            guard header.offset == place else {
                throw ArchiveError("the archive has bytes before or between its entries, or entries that overlap")
            }
            let data = try header.checkLocal(source)
            let (end, overflow) = data.addingReportingOverflow(header.packedSize)
            guard !overflow, end <= directory.offset else { throw ArchiveError("an entry of the archive points outside of it") }
            offsets[index] = data
            place = end + (header.hasDescriptor ? try header.descriptorSize(at: end, source) : 0)
        }
        guard place == directory.offset else { throw ArchiveError("the archive has bytes that belong to no entry") }
        return offsets
    }
}
