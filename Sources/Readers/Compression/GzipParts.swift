internal import CZlib
internal import Dispatch
internal import Synchronization

/// gzip of many bytes, by all processors at once.
///
/// Each part is compressed by itself, with the end of the part before it as its dictionary, and ends on a whole byte
/// (zlib's `Z_SYNC_FLUSH`). One behind the other they are one deflate stream (RFC 1951) and, in a header and a trailer, one
/// gzip member (RFC 1952, 2.3). Where the parts are cut follows from the number of bytes alone.
enum GzipParts {
    /// Bytes for which dividing them pays.
    static let smallestWhole = 192 << 10
    /// Bytes of a part, at most.
    private static let partSize = 96 << 10
    /// How far deflate looks back, in bytes.
    private static let window = 32 << 10
    /// No name, no time, made on Unix.
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    private struct Part {
        let deflated: [UInt8]
        let checksum: UInt
    }

    /// nil when there is no memory for it.
    static func compress(_ bytes: [UInt8], level: Int32) -> [UInt8]? {
        let count = (bytes.count + partSize - 1) / partSize
        let parts = Mutex([Part?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { number in
            let part = part(range(number, of: count, bytes), of: bytes, level: level)
            parts.withLock { $0[number] = part }
        }
        let done = parts.withLock { $0 }.compactMap(\.self)
        return done.count == count ? member(of: done, bytes) : nil
    }

    private static func range(_ number: Int, of count: Int, _ bytes: [UInt8]) -> Range<Int> {
        bytes.count * number / count..<bytes.count * (number + 1) / count
    }

    private static func member(of parts: [Part], _ bytes: [UInt8]) -> [UInt8] {
        var output = header
        output.reserveCapacity(header.count + parts.reduce(8) { $0 + $1.deflated.count })
        var checksum = crc32(0, nil, 0)
        for (number, part) in parts.enumerated() {
            output.append(contentsOf: part.deflated)
            checksum = crc32_combine(checksum, part.checksum, range(number, of: parts.count, bytes).count)
        }
        for number in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: bytes.count)] {
            withUnsafeBytes(of: number.littleEndian) { output.append(contentsOf: $0) }
        }
        return output
    }

    private static func part(_ range: Range<Int>, of bytes: [UInt8], level: Int32) -> Part? {
        var stream = z_stream()
        guard save_deflate_init_raw(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        return bytes.withUnsafeBufferPointer { bytes in
            let before = UnsafeBufferPointer(rebasing: bytes[max(0, range.lowerBound - window)..<range.lowerBound])
            if !before.isEmpty, deflateSetDictionary(&stream, before.baseAddress, UInt32(before.count)) != Z_OK { return nil }
            let input = UnsafeBufferPointer(rebasing: bytes[range])
            let flush = range.upperBound == bytes.count ? Z_FINISH : Z_SYNC_FLUSH
            // The bound is for Z_FINISH; the mark of a flush is a few bytes more.
            let room = Int(deflateBound(&stream, UInt(input.count))) + 64
            let deflated = [UInt8](unsafeUninitializedCapacity: room) { output, count in
                // SAFETY: zlib only reads from `next_in`; the pointers are used within these closures only.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, flush)
                count = output.count - Int(stream.avail_out)
            }
            guard stream.avail_in == 0, stream.avail_out > 0 else { return nil }
            return Part(deflated: deflated, checksum: crc32_z(0, input.baseAddress, input.count))
        }
    }
}
