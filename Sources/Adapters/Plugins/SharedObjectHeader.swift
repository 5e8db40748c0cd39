/// What the header of a shared object says about its length (elf(5)).
///
/// The dynamic linker does not look: it maps what the header promises, and the process dies of SIGBUS where a file that was
/// cut short has no bytes.
struct SharedObjectHeader {
    /// The bytes that the file must have.
    let length: UInt64

    private static let loadable: UInt32 = 1
    private static let sharedObject: UInt16 = 3

    /// Reads the header of a 64-bit little-endian shared object; nil for anything else.
    ///
    /// - Parameter read: gives up to a number of bytes at an offset.
    init?(reading read: (_ offset: UInt64, _ count: Int) throws -> [UInt8]) rethrows {
        let header = Fields(try read(0, 64))
        guard header.bytes.count == 64, header.bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]),
            header.number(16) == Self.sharedObject,
            let segmentOffset: UInt64 = header.number(32), let segmentSize: UInt16 = header.number(54),
            let segmentCount: UInt16 = header.number(56), let sectionOffset: UInt64 = header.number(40),
            let sectionSize: UInt16 = header.number(58), let sectionCount: UInt16 = header.number(60), segmentSize >= 56
        else { return nil }
        guard let segmentsEnd = Self.end(segmentOffset, UInt64(segmentSize) * UInt64(segmentCount)),
            let sectionsEnd = Self.end(sectionOffset, UInt64(sectionSize) * UInt64(sectionCount))
        else { return nil }
        var fileLength = max(segmentsEnd, sectionsEnd, 64)
        let segments = Fields(try read(segmentOffset, Int(segmentSize) * Int(segmentCount)))
        for start in stride(from: 0, to: segments.bytes.count, by: Int(segmentSize))
        where segments.number(start) == Self.loadable {
            guard let offset: UInt64 = segments.number(start + 8), let size: UInt64 = segments.number(start + 32) else { break }
            guard let end = Self.end(offset, size) else { return nil }
            fileLength = max(fileLength, end)
        }
        length = fileLength
    }

    private static func end(_ offset: UInt64, _ size: UInt64) -> UInt64? {
        let (end, overflow) = offset.addingReportingOverflow(size)
        return overflow ? nil : end
    }

    /// Little-endian numbers at places in bytes.
    private struct Fields {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// nil past the end.
        func number<Number: FixedWidthInteger>(_ offset: Int) -> Number? {
            let size = MemoryLayout<Number>.size
            guard offset + size <= bytes.count else { return nil }
            return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Number($1) }
        }
    }
}
