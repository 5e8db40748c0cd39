internal import SaveCompression

/// What the central directory says of an entry.
struct ZipEntryHeader: Sendable {
    static let stored: UInt16 = 0
    static let deflated: UInt16 = 8

    let name: [UInt8]
    let flags: UInt16
    let method: UInt16
    let checksum: UInt32
    let packedSize: Int64
    let size: Int64
    /// Where the entry's own header is.
    let offset: Int64
    /// What kind of entry a system of the Unix family takes it for.
    let kind: Kind

    /// What the upper half of the external attributes says, which is a mode where the writer wrote one.
    enum Kind {
        case fileOrDirectory, symbolicLink, other

        init(mode: UInt16) {
            switch mode & 0xF000 {
            case 0xA000: self = .symbolicLink
            // A pipe, a device for characters, one for blocks, a socket.
            case 0x1000, 0x2000, 0x6000, 0xC000: self = .other
            default: self = .fileOrDirectory
            }
        }
    }

    /// The flags whose meaning every reader knows (APPNOTE 4.4.4): how well it is deflated, that a descriptor follows, that the
    /// name is UTF-8.
    private static let knownFlags: UInt16 = 0x080E
    /// The newest version of the format that readers take, times ten: Python's gives up at a later one.
    private static let newestVersion: UInt16 = 63

    /// Size and checksum follow the data, since they were not known before it.
    var hasDescriptor: Bool { flags & 8 != 0 }

    /// Takes one record off the directory.
    init(directory rest: inout ArraySlice<UInt8>) throws {
        let fixed = LittleEndian(rest.prefix(46))
        let nameCount = Int(fixed.uint16(28)), extraCount = Int(fixed.uint16(30)), commentCount = Int(fixed.uint16(32))
        let total = 46 + nameCount + extraCount + commentCount
        guard rest.count >= total, fixed.uint32(0) == 0x0201_4B50 else {
            throw ArchiveError("the archive's directory is damaged")
        }
        name = Array(rest.dropFirst(46).prefix(nameCount))
        flags = fixed.uint16(8)
        method = fixed.uint16(10)
        checksum = fixed.uint32(16)
        guard flags & 0x2041 == 0 else { throw ArchiveError("the archive is encrypted") }
        guard flags & ~Self.knownFlags == 0, fixed.uint16(6) & 0xFF <= Self.newestVersion else {
            throw ArchiveError("the archive uses a feature of zip that not every reader knows, such as patched data")
        }
        guard method == Self.stored || method == Self.deflated else {
            throw ArchiveError("the archive is packed in a way that not every reader knows: store or deflate its entries")
        }
        kind = Kind(mode: fixed.uint16(40))
        guard fixed.uint16(34) == 0 else { throw ArchiveError("the archive is one part of several") }
        let extra = rest.dropFirst(46 + nameCount).prefix(extraCount)
        try ZipEntryName.checkUnicodePath(in: extra, of: name)
        var large = try Self.largeNumbers(extra)
        size = try Self.number(fixed.uint32(24), &large)
        packedSize = try Self.number(fixed.uint32(20), &large)
        offset = try Self.number(fixed.uint32(42), &large)
        guard method == Self.deflated || size == packedSize else { throw ArchiveError("an entry of the archive has two sizes") }
        rest = rest.dropFirst(total)
    }

    /// The 64-bit numbers of the extra field 1 (APPNOTE 4.5.3), in order, for those fields that have no room for them.
    private static func largeNumbers(_ extra: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        var rest = extra
        var found: ArraySlice<UInt8>?
        while rest.count >= 4 {
            let fixed = LittleEndian(rest.prefix(4))
            let count = Int(fixed.uint16(2))
            guard rest.count >= 4 + count else { throw ArchiveError("an entry of the archive has a damaged extra field") }
            if fixed.uint16(0) == 1 {
                guard found == nil else { throw ArchiveError("an entry of the archive has two sizes") }
                found = rest.dropFirst(4).prefix(count)
            }
            rest = rest.dropFirst(4 + count)
        }
        return found ?? []
    }

    private static func number(_ small: UInt32, _ large: inout ArraySlice<UInt8>) throws -> Int64 {
        guard small == 0xFFFF_FFFF else { return Int64(small) }
        guard large.count >= 8, let value = Int64(exactly: LittleEndian(large.prefix(8)).uint64(0)) else {
            throw ArchiveError("an entry of the archive has no size")
        }
        large = large.dropFirst(8)
        return value
    }

    /// Checks that the entry's own header says the same, and gives the place where its data start.
    func checkLocal(_ source: ArchiveSource) throws -> Int64 {
        let bytes = try source.read(at: offset, upTo: 30 + name.count)
        let fixed = LittleEndian(bytes)
        guard bytes.count == 30 + name.count, fixed.uint32(0) == 0x0403_4B50 else {
            throw ArchiveError("an entry of the archive is not where its directory says")
        }
        // Bit 11 says that the name is UTF-8; writers set it in one place only when the name is ASCII.
        guard Int(fixed.uint16(26)) == name.count, bytes.dropFirst(30).elementsEqual(name), fixed.uint16(8) == method,
            (fixed.uint16(6) ^ flags) & ~0x0800 == 0
        else { throw ArchiveError("an entry of the archive and its directory disagree") }
        let extraCount = Int(fixed.uint16(28))
        let data = offset + Int64(30 + name.count + extraCount)
        let extra = try source.read(at: data - Int64(extraCount), exactly: extraCount)
        try ZipEntryName.checkUnicodePath(in: extra[...], of: name)
        if !hasDescriptor {
            var large = try Self.largeNumbers(extra[...])
            let localSize = try Self.number(fixed.uint32(22), &large)
            let localPacked = try Self.number(fixed.uint32(18), &large)
            guard localSize == size, localPacked == packedSize, fixed.uint32(14) == checksum else {
                throw ArchiveError("an entry of the archive and its directory disagree")
            }
        }
        return data
    }

    /// The unpacked bytes.
    ///
    /// - Parameters:
    ///   - text: the entry's name, for errors.
    ///   - start: where its packed bytes begin.
    ///   - end: where those of all entries end.
    /// - Throws: ``ArchiveError`` for more than `limit` bytes, damaged data, another size or checksum than it claims.
    func contents(named text: String, at start: Int64, before end: Int64, _ source: ArchiveSource, limit: Int) throws -> [UInt8] {
        guard size <= Int64(limit), packedSize - 1024 <= Int64(limit) else {
            throw ArchiveError("'\(text)' is larger than \(limit) bytes")
        }
        guard start <= end, packedSize <= end - start else { throw ArchiveError("an entry of the archive points outside of it") }
        let packed = try source.read(at: start, exactly: Int(packedSize))
        let bytes = method == Self.stored ? packed : Deflate.decompress(packed, limit: Int(size))
        guard let bytes, Int64(bytes.count) == size, CRC32.of(bytes) == checksum else {
            throw ArchiveError("'\(text)' is damaged")
        }
        return bytes
    }

    /// The length of the descriptor behind the data: with or without a signature, with sizes of 4 or 8 bytes.
    func descriptorSize(at place: Int64, _ source: ArchiveSource) throws -> Int64 {
        let bytes = try source.read(at: place, upTo: 24)
        for (start, width) in [(4, 4), (4, 8), (0, 4), (0, 8)] where bytes.count >= start + 4 + 2 * width {
            let fields = LittleEndian(bytes)
            guard start == 0 || fields.uint32(0) == 0x0807_4B50, fields.uint32(start) == checksum else { continue }
            let sizes =
                width == 4
                ? (UInt64(fields.uint32(start + 4)), UInt64(fields.uint32(start + 8)))
                : (fields.uint64(start + 4), fields.uint64(start + 12))
            if sizes == (UInt64(packedSize), UInt64(size)) { return Int64(start + 4 + 2 * width) }
        }
        throw ArchiveError("an entry of the archive and its directory disagree")
    }
}
