internal import CZlib
internal import Dispatch
internal import SaveDigest
internal import Synchronization

/// gzip of many bytes, by all processors at once.
///
/// Each part is compressed by itself, with the end of the part before it as its dictionary, and ends on a whole byte
/// (zlib's `Z_SYNC_FLUSH`). One behind the other they are one deflate stream (RFC 1951) and, in a header and a trailer, one
/// gzip member (RFC 1952, 2.3). Where the parts are cut follows from the bytes around the cut alone, so that a page that
/// got one line more has the same parts as before but for those around the line; a `GzipMemory` gives those that it knows.
struct GzipParts {
    /// Bytes for which dividing them pays.
    static let smallestWhole = 192 << 10
    /// Bytes of a part. The last may have fewer. No part is smaller than deflate's window, so that a part and the one before it
    /// are all that it is made of.
    private static let smallest = 48 << 10
    private static let maxPartBytes = 160 << 10
    /// How far deflate looks back, in bytes.
    private static let window = 32 << 10
    /// No name, no time, made on Unix.
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    /// A part as it was compressed.
    struct Part: Sendable {
        let deflated: [UInt8]
        let checksum: UInt
    }

    private let bytes: [UInt8]
    private let level: Int32
    private let memory: GzipMemory?
    /// Where the parts end.
    private let ends: [Int]

    init(_ bytes: [UInt8], level: Int32, memory: GzipMemory?) {
        self.bytes = bytes
        self.level = level
        self.memory = memory
        ends = bytes.withUnsafeBytes { bytes in
            var ends: [Int] = []
            while (ends.last ?? 0) < bytes.count { ends.append(Self.end(from: ends.last ?? 0, in: bytes)) }
            return ends
        }
    }

    /// Where the part ends that begins at `start`: before the first eight bytes, past the smallest part, that happen to give
    /// one number in 65,536.
    private static func end(from start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        let last = min(start + maxPartBytes, bytes.count)
        for place in stride(from: start + smallest, to: last - 7, by: 1) {
            let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            // A number without a pattern (the golden ratio) mixes all eight bytes into the highest bits.
            if (word &* 0x9E37_79B9_7F4A_7C15) >> 48 == 0 { return place }
        }
        return last
    }

    /// nil when there is no memory for it.
    func compressed() -> [UInt8]? {
        let parts = Mutex([Part?](repeating: nil, count: ends.count))
        DispatchQueue.concurrentPerform(iterations: ends.count) { number in
            let part = known(range(number))
            parts.withLock { $0[number] = part }
        }
        let done = parts.withLock { $0 }.compactMap(\.self)
        return done.count == ends.count ? member(of: done) : nil
    }

    private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

    private func member(of parts: [Part]) -> [UInt8] {
        var output = Self.header
        output.reserveCapacity(Self.header.count + parts.reduce(8) { $0 + $1.deflated.count })
        var checksum = crc32(0, nil, 0)
        for (number, part) in parts.enumerated() {
            output.append(contentsOf: part.deflated)
            checksum = crc32_combine(checksum, part.checksum, range(number).count)
        }
        for number in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: bytes.count)] {
            withUnsafeBytes(of: number.littleEndian) { output.append(contentsOf: $0) }
        }
        return output
    }

    private func known(_ range: Range<Int>) -> Part? {
        guard let memory else { return part(range) }
        let start = max(0, range.lowerBound - Self.window)
        let digest = StreamingDigest(.sha256)
        bytes.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[start..<range.upperBound])) }
        let key = GzipMemory.Key(
            digest: digest.finish(), dictionary: range.lowerBound - start, isLast: range.upperBound == bytes.count, level: level)
        if let part = memory[key] { return part }
        let part = part(range)
        memory[key] = part
        return part
    }

    private func part(_ range: Range<Int>) -> Part? {
        var stream = z_stream()
        guard save_deflate_init_raw(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        return bytes.withUnsafeBufferPointer { bytes in
            let before = UnsafeBufferPointer(rebasing: bytes[max(0, range.lowerBound - Self.window)..<range.lowerBound])
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
