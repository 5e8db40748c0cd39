internal import CArchive
internal import Glibc

/// Tar archives packed with gzip, over libarchive. Nothing is ever unpacked to a disk.
public enum TarGzip {
    /// An entry of the archive.
    public struct Entry: Sendable, Equatable {
        /// Relative, without dot segments. Archives do not say how their names are encoded: what is no UTF-8 is replaced.
        public let name: String
        /// Unpacked, in bytes.
        public let size: Int64
        /// Neither a directory nor a link.
        public let isFile: Bool
    }

    /// Walks through the archive and gives every entry, with the bytes of those that are wanted.
    ///
    /// - Parameters:
    ///   - limit: the most bytes a wanted entry may have.
    ///   - wanted: asked for each file.
    /// - Throws: ``ArchiveError`` for what is not such an archive, is damaged, exceeds the limits, or has in it what is
    ///   neither a file, a directory nor a link within the archive; and what the source throws. Blocks.
    public static func read(
        _ source: ArchiveSource, limits: ArchiveLimits = ArchiveLimits(), limit: Int, wanted: (Entry) -> Bool
    ) throws -> [(entry: Entry, contents: [UInt8]?)] {
        // libarchive asks the thread's locale how text is encoded: in that of a service, which is "C", only ASCII would be text.
        try UTF8Locale.during { try readInLocale(source, limits, limit, wanted) }
    }

    private static func readInLocale(
        _ source: ArchiveSource, _ limits: ArchiveLimits, _ limit: Int, _ wanted: (Entry) -> Bool
    ) throws -> [(entry: Entry, contents: [UInt8]?)] {
        let magic = try source.read(at: 0, upTo: 2)
        guard magic == [0x1F, 0x8B] else { throw ArchiveError("the file is not packed with gzip") }
        guard let archive = archive_read_new() else { throw ArchiveError("there is no memory to read the archive") }
        defer { archive_read_free(archive) }
        guard archive_read_support_filter_gzip(archive) == ARCHIVE_OK, archive_read_support_format_tar(archive) == ARCHIVE_OK
        else { throw ArchiveError("archives of this kind cannot be read") }
        let feed = TarFeed(source, limits)
        // SAFETY: `feed` lives until this function returns, and the archive, which calls it, is freed before that.
        let opened = withExtendedLifetime(feed) {
            archive_read_open(archive, Unmanaged.passUnretained(feed).toOpaque(), nil, TarFeed.read, nil)
        }
        guard opened == ARCHIVE_OK else { throw feed.failure ?? ArchiveError("the file is not a tar archive packed with gzip") }
        let result = try entries(archive, feed, limits, limit, wanted)
        withExtendedLifetime(feed) {}
        return result
    }

    private static func entries(
        _ archive: OpaquePointer, _ feed: TarFeed, _ limits: ArchiveLimits, _ limit: Int, _ wanted: (Entry) -> Bool
    ) throws -> [(entry: Entry, contents: [UInt8]?)] {
        var result: [(entry: Entry, contents: [UInt8]?)] = []
        var links = EntryLinks()
        var names: [[UInt8]] = []
        var nameBytes = 0
        var unpacked: Int64 = 0
        while true {
            var header: OpaquePointer?
            let status = archive_read_next_header(archive, &header)
            guard feed.mayGoOn(after: archive_filter_bytes(archive, 0)) else {
                throw feed.failure ?? ArchiveError("the archive unpacks to too much")
            }
            if status == ARCHIVE_EOF { break }
            guard status == ARCHIVE_OK || isOfText(status, archive), let header else {
                throw feed.failure ?? ArchiveError("the archive is damaged")
            }
            guard archive_entry_size(header) >= 0 else { throw ArchiveError("the archive has an entry of a size that cannot be") }
            if isTop(header) { continue }
            let (entry, name) = try entry(header, &links)
            names.append(name)
            nameBytes += name.count
            guard result.count < limits.entries, nameBytes <= limits.names else {
                throw ArchiveError("the archive has more than \(limits.entries) entries, or too long names")
            }
            // Before the data are skipped, which unpacks them.
            let size = archive_entry_size(header)
            unpacked = unpacked.addingReportingOverflow(size).overflow ? .max : unpacked + size
            try limits.check(unpacked: unpacked, packed: feed.size)
            let isWanted = entry.isFile && wanted(entry)
            result.append((entry, isWanted ? try contents(archive, entry, limit, feed) : nil))
        }
        try links.check(names)
        return result
    }

    /// Whether a warning is about text that could not be converted, such as an owner's name in an unknown encoding. Any other,
    /// such as one about extended headers that are malformed, is about what other readers may read differently.
    private static func isOfText(_ status: Int32, _ archive: OpaquePointer) -> Bool {
        guard status == ARCHIVE_WARN, let text = archive_error_string(archive) else { return false }
        return String(cString: text).contains("can't be converted")
    }

    /// Whether an entry is the directory that the archive is of: `tar` writes it for what it was told to pack as `.`.
    private static func isTop(_ header: OpaquePointer) -> Bool {
        guard archive_entry_filetype(header) == Kind.directory, let name = bytes(archive_entry_pathname(header)) else {
            return false
        }
        return name.elementsEqual(".".utf8) || name.elementsEqual("./".utf8)
    }

    /// - Throws: ``ArchiveError`` for what installers refuse to unpack (PEP 706), and for files with holes, which not every
    ///   reader fills.
    private static func entry(_ header: OpaquePointer, _ links: inout EntryLinks) throws -> (Entry, name: [UInt8]) {
        guard let name = bytes(archive_entry_pathname(header) ?? archive_entry_pathname_utf8(header)).map(withoutDot) else {
            throw ArchiveError("the archive has an entry without a name")
        }
        try EntryName.check(name)
        guard archive_entry_sparse_count(header) == 0 else {
            throw ArchiveError("the archive has a sparse file, \(EntryName.shown(name)): pack it without --sparse")
        }
        let kind = archive_entry_filetype(header)
        let hardLink = bytes(archive_entry_hardlink(header) ?? archive_entry_hardlink_utf8(header))
        if let hardLink {
            try EntryLinks.checkHard(name, to: withoutDot(hardLink))
        } else if kind == Kind.symbolicLink {
            try links.add(name, to: bytes(archive_entry_symlink(header) ?? archive_entry_symlink_utf8(header)) ?? [])
        } else if kind != Kind.file, kind != Kind.directory {
            throw ArchiveError("the archive has \(EntryName.shown(name)), which is a device or a pipe and not a file")
        }
        let entry = Entry(
            name: String(decoding: name, as: UTF8.self), size: archive_entry_size(header),
            isFile: kind == Kind.file && hardLink == nil)
        return (entry, name)
    }

    /// The bits of a mode that say what an entry is (inode(7)).
    private enum Kind {
        static let file: mode_t = 0o100000
        static let directory: mode_t = 0o040000
        static let symbolicLink: mode_t = 0o120000
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
        text.map { UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) } }
    }

    /// `tar` itself writes `./x` for what it was told to pack as `.`.
    private static func withoutDot(_ name: [UInt8]) -> [UInt8] {
        name.starts(with: "./".utf8) && name.count > 2 ? Array(name.dropFirst(2)) : name
    }

    private static func contents(_ archive: OpaquePointer, _ entry: Entry, _ limit: Int, _ feed: TarFeed) throws -> [UInt8] {
        guard entry.size <= Int64(limit) else {
            throw ArchiveError("\(EntryName.shown(entry.name.utf8)) is larger than \(limit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(entry.size))
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                archive_read_data(archive, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            guard got > 0 else { throw feed.failure ?? ArchiveError("\(EntryName.shown(entry.name.utf8)) is damaged") }
            filled += got
        }
        // An extended header may say another size than the entry has: readers differ in which they believe.
        var more: UInt8 = 0
        guard archive_read_data(archive, &more, 1) == 0 else {
            throw feed.failure ?? ArchiveError("\(EntryName.shown(entry.name.utf8)) is larger than the archive says")
        }
        return bytes
    }
}

/// Hands the file to libarchive, piece by piece.
private final class TarFeed {
    private static let piece = 65_536
    let size: Int64
    /// What the source threw, which libarchive cannot pass on.
    private(set) var failure: (any Error)?
    private let source: ArchiveSource
    private let limits: ArchiveLimits
    private var offset: Int64 = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: TarFeed.piece, alignment: 16)

    init(_ source: ArchiveSource, _ limits: ArchiveLimits) {
        self.source = source
        self.limits = limits
        size = source.size
    }

    deinit { buffer.deallocate() }

    static let read: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int =
        {
            archive, context, target in
            guard let context, let target else { return -1 }
            let feed = Unmanaged<TarFeed>.fromOpaque(context).takeUnretainedValue()
            if let archive, !feed.mayGoOn(after: archive_filter_bytes(archive, 0)) { return -1 }
            // SAFETY: libarchive reads the piece before it asks for the next one, which overwrites it.
            target.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
            return feed.fill()
        }

    /// Whether what was unpacked so far is within the limits. Entries say how large they are, and may lie: what they say is
    /// checked before they are skipped, and this while they are.
    func mayGoOn(after unpacked: Int64) -> Bool {
        // A header and padding for each entry, and long names.
        let (records, isLarge) = Int64(max(0, limits.entries)).multipliedReportingOverflow(by: 1536)
        let (overhead, isLarger) = records.addingReportingOverflow(Int64(max(0, limits.names)))
        do {
            try limits.check(unpacked: isLarge || isLarger ? 0 : max(0, unpacked - overhead), packed: size)
            return true
        } catch {
            failure = error
            return false
        }
    }

    private func fill() -> Int {
        do {
            let bytes = try source.read(at: offset, upTo: Self.piece)
            buffer.copyBytes(from: bytes.prefix(Self.piece))
            offset += Int64(bytes.count)
            return bytes.count
        } catch {
            failure = error
            return -1
        }
    }
}
