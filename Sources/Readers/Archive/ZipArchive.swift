internal import SaveCompression

/// A zip archive (APPNOTE.TXT 6.3.10), accepted only in the one shape that every reader understands in the same way.
///
/// Zip has two lists of its entries, at the front of each entry and at the end of the file, and readers differ in which
/// they believe. Here both must say the same, the entries must fill the file without gaps, overlaps, text before or after
/// them, and no name may occur twice: what one reader sees is then what all see. Nothing is ever unpacked to a disk.
package struct ZipArchive {
    /// An entry of the archive.
    package struct Entry: Sendable {
        /// UTF-8, relative, without dot segments; directories end in a slash.
        package let name: String
        /// Unpacked, in bytes.
        package let size: Int64
        let header: ZipEntryHeader
        /// Where its packed bytes start.
        let dataOffset: Int64
    }

    /// In the order of the central directory.
    package let entries: [Entry]
    private let source: ArchiveSource

    /// Reads the directory and checks every entry's own header against it.
    ///
    /// - Throws: ``ArchiveError`` for anything unusual, and what the source throws. Blocks.
    package init(_ source: ArchiveSource, limits: ArchiveLimits = ArchiveLimits()) throws {
        self.source = source
        let directory = try ZipDirectory(source, limits: limits)
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
        let offsets = try Self.dataOffsets(directory, source)
        entries = try zip(directory.headers, offsets).map { header, offset in
            Entry(name: try header.checkedName(), size: header.size, header: header, dataOffset: offset)
        }
    }

    /// The unpacked bytes of an entry.
    ///
    /// - Throws: ``ArchiveError`` for an entry larger than `limit`, damaged data, another size or checksum than it claims.
    ///   Blocks.
    package func contents(of entry: Entry, limit: Int) throws -> [UInt8] {
        let header = entry.header
        guard header.size <= Int64(limit), header.packedSize <= Int64(limit) + 1024 else {
            throw ArchiveError("'\(entry.name)' is larger than \(limit) bytes")
        }
        let packed = try source.read(at: entry.dataOffset, exactly: Int(header.packedSize))
        let bytes = header.method == ZipEntryHeader.stored ? packed : Deflate.decompress(packed, limit: Int(header.size))
        guard let bytes, Int64(bytes.count) == header.size, CRC32.of(bytes) == header.checksum else {
            throw ArchiveError("'\(entry.name)' is damaged")
        }
        return bytes
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
