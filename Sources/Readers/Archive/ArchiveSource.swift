/// A file that an archive is read from.
public struct ArchiveSource {
    /// Bytes.
    public let size: Int64
    /// Gives `count` bytes from an offset, fewer at the end only. Blocks.
    private let bytes: (_ offset: Int64, _ count: Int) throws -> [UInt8]

    public init(size: Int64, read: @escaping (_ offset: Int64, _ count: Int) throws -> [UInt8]) {
        self.size = size
        bytes = read
    }

    /// Bytes that are in memory.
    public init(_ content: [UInt8]) {
        self.init(size: Int64(content.count)) { offset, count in
            let start = Int(min(offset, Int64(content.count)))
            return Array(content[start..<min(content.count, start + count)])
        }
    }

    /// Up to `count` bytes from an offset.
    func read(at offset: Int64, upTo count: Int) throws -> [UInt8] { try bytes(offset, count) }

    /// Exactly `count` bytes from an offset.
    ///
    /// - Throws: ``ArchiveError`` when the file ends before.
    func read(at offset: Int64, exactly count: Int) throws -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, Int64(count) <= size - offset else {
            throw ArchiveError("the archive is cut off or points outside itself")
        }
        let read = try bytes(offset, count)
        guard read.count == count else { throw ArchiveError("the archive is cut off") }
        return read
    }
}

/// Little-endian numbers in bytes; the caller has checked that they are there.
struct LittleEndian {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }
    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func uint16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(offset, 2)) }
    func uint32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(offset, 4)) }
    func uint64(_ offset: Int) -> UInt64 { number(offset, 8) }

    private func number(_ offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in bytes.dropFirst(offset).prefix(count).reversed() { value = value << 8 | UInt64(byte) }
        return value
    }
}
