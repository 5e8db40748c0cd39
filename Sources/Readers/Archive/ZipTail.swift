/// Recognizes a zip archive by its end alone, as lenient readers do.
public enum ZipTail {
    /// Whether a reader that looks for a zip archive's end would find one.
    ///
    /// - Throws: what the source throws. Blocks.
    public static func isPresent(_ source: ArchiveSource) throws -> Bool {
        let count = Int(min(source.size, 22 + 65_535))
        let offset = source.size - Int64(count)
        let tail = try source.read(at: offset, exactly: count)
        guard count >= 22 else { return false }
        for index in 0...(count - 22) where tail[index] == 0x50 {
            let end = LittleEndian(tail[index..<index + 22])
            // Its comment reaches the end of the file, and its directory lies before it: four bytes alone may be chance.
            guard end.uint32(0) == 0x0605_4B50, Int(end.uint16(20)) <= count - 22 - index else { continue }
            let place = UInt64(offset) + UInt64(index)
            if UInt64(end.uint32(12)) <= place { return true }
        }
        return false
    }
}
