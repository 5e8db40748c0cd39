/// The central directory of a zip archive: the list of entries at its end.
struct ZipDirectory {
    let headers: [ZipEntryHeader]
    /// Where it begins.
    let offset: Int64

    init(_ source: ArchiveSource, limits: ArchiveLimits) throws {
        let place = try ZipDirectoryPlace(source, limits: limits)
        offset = place.offset
        headers = try Self.headers(try source.read(at: offset, exactly: place.size), count: place.count)
    }

    private static func headers(_ bytes: [UInt8], count: Int) throws -> [ZipEntryHeader] {
        var headers: [ZipEntryHeader] = []
        headers.reserveCapacity(count)
        var rest = bytes[...]
        for _ in 0..<count { headers.append(try ZipEntryHeader(directory: &rest)) }
        guard rest.isEmpty else { throw ArchiveError("the archive's directory has more in it than entries") }
        return headers
    }
}

/// Where the central directory is, and how large, as the end of the archive says.
struct ZipDirectoryPlace {
    let offset: Int64
    /// Bytes.
    let size: Int
    /// Entries.
    let count: Int

    private static let endSize: Int64 = 22
    private static let locatorSize: Int64 = 20
    private static let end64Size: Int64 = 56

    init(_ source: ArchiveSource, limits: ArchiveLimits) throws {
        guard source.size >= Self.endSize else { throw ArchiveError("the file is not a zip archive") }
        let endOffset = source.size - Self.endSize
        let end = LittleEndian(try source.read(at: endOffset, exactly: Int(Self.endSize)))
        // A comment is text after the archive's end, where a second archive could be.
        guard end.uint32(0) == 0x0605_4B50, end.uint16(20) == 0 else {
            throw ArchiveError("the file is not a zip archive, or has something after its end")
        }
        guard end.uint16(4) == 0, end.uint16(6) == 0, end.uint16(8) == end.uint16(10) else {
            throw ArchiveError("the archive is one part of several")
        }
        var count = UInt64(end.uint16(10))
        var size = UInt64(end.uint32(12))
        var start = UInt64(end.uint32(16))
        var directoryEnd = endOffset
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            let place = endOffset - Self.locatorSize - Self.end64Size
            let end64 = try Self.end64(source, at: place)
            (count, size, start) = (end64.uint64(32), end64.uint64(40), end64.uint64(48))
            directoryEnd = place
        }
        guard count <= UInt64(max(0, limits.entries)) else {
            throw ArchiveError("the archive has more than \(limits.entries) entries")
        }
        // An entry's record has 46 bytes, its name and its extra field.
        let (room, isLarge) = UInt64(max(0, limits.names)).addingReportingOverflow(
            count.multipliedReportingOverflow(by: 1024).overflow ? .max : count * 1024)
        guard isLarge || size <= room, count <= size / 46 || count == 0 else {
            throw ArchiveError("the archive's directory is too large")
        }
        // Bytes before the first entry would shift everything by their number.
        guard start <= UInt64(directoryEnd), size == UInt64(directoryEnd) - start else {
            throw ArchiveError("the archive's directory is not where its end says, or there are bytes before the archive")
        }
        offset = Int64(start)
        self.size = Int(size)
        self.count = Int(count)
    }

    /// The record that large archives have before the end, where the locator before the end must find it.
    private static func end64(_ source: ArchiveSource, at place: Int64) throws -> LittleEndian {
        guard place >= 0 else { throw ArchiveError("the archive's end is damaged") }
        let locator = LittleEndian(try source.read(at: place + end64Size, exactly: Int(locatorSize)))
        let end = LittleEndian(try source.read(at: place, exactly: Int(end64Size)))
        guard locator.uint32(0) == 0x0706_4B50, locator.uint32(4) == 0, locator.uint64(8) == UInt64(place),
            end.uint32(0) == 0x0606_4B50, end.uint64(4) == UInt64(end64Size - 12), end.uint32(16) == 0, end.uint32(20) == 0,
            end.uint64(24) == end.uint64(32)
        else { throw ArchiveError("the archive's end is damaged") }
        return end
    }
}
