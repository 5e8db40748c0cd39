internal import CZlib

/// gzip (RFC 1952) of bytes that are in memory.
public enum Gzip {
    /// The bytes as one gzip member, the same for the same bytes; nil when there is no memory for it.
    ///
    /// - Parameters:
    ///   - level: 1, fast, to 9, small.
    ///   - memory: gives and takes the parts of large pages; the result is the same without.
    package static func compress(_ bytes: [UInt8], level: Int, memory: GzipMemory? = nil) -> [UInt8]? {
        let level = Int32(min(9, max(1, level)))
        if bytes.count >= GzipParts.smallestWhole { return GzipParts(bytes, level: level, memory: memory).compressed() }
        var stream = z_stream()
        guard save_deflate_init_gzip(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        return Pump.run(&stream, bytes, limit: .max) { deflate($0, $1 ? Z_FINISH : Z_NO_FLUSH) }
    }

    /// The content of one gzip or zlib stream; nil for a damaged or unfinished one, for bytes after its end, and for more
    /// than `limit` bytes of content.
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard save_inflate_init_gzip_or_zlib(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        return Pump.run(&stream, bytes, limit: limit) { stream, _ in inflate(stream, Z_NO_FLUSH) }
    }
}

/// Deflate without a wrapper (RFC 1951), as it stands in zip archives.
public enum Deflate {
    /// The content of one deflate stream; nil for a damaged or unfinished one, for bytes after its end, and for more than
    /// `limit` bytes of content.
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard save_inflate_init_raw(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        return Pump.run(&stream, bytes, limit: limit) { stream, _ in inflate(stream, Z_NO_FLUSH) }
    }
}

/// The CRC-32 of zip and gzip.
public enum CRC32 {
    public static func of(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }
}

/// Feeds a zlib stream and gathers what comes out.
private enum Pump {
    /// - Parameter step: one call of zlib; the flag says that no more input follows.
    static func run(
        _ stream: inout z_stream, _ input: [UInt8], limit: Int, step: (UnsafeMutablePointer<z_stream>, Bool) -> Int32
    ) -> [UInt8]? {
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        var offset = 0
        while true {
            let count = min(input.count - offset, 1 << 20)
            let isLast = offset + count == input.count
            var used = 0
            var made = 0
            let status = input.withUnsafeBufferPointer { source in
                piece.withUnsafeMutableBufferPointer { target in
                    // SAFETY: zlib only reads from `next_in`; the pointers are used within these closures only.
                    stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.advanced(by: offset))
                    stream.avail_in = UInt32(count)
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    let status = step(&stream, isLast)
                    used = count - Int(stream.avail_in)
                    made = target.count - Int(stream.avail_out)
                    return status
                }
            }
            offset += used
            guard made <= limit - output.count else { return nil }
            output.append(contentsOf: piece.prefix(made))
            if status == Z_STREAM_END { return offset == input.count ? output : nil }
            guard status == Z_OK || status == Z_BUF_ERROR, used > 0 || made > 0 else { return nil }
        }
    }
}
