import SaveCompression
import Testing

@Suite struct CompressionTests {
    private static let text = Array(String(repeating: "the same line again\n", count: 10_000).utf8)

    @Test func `what is compressed comes back`() throws {
        for bytes in [[], [7], Self.text] {
            let packed = try #require(Gzip.compress(bytes, level: 6))
            #expect(Gzip.decompress(packed, limit: bytes.count) == bytes)
        }
    }

    @Test(arguments: [196_607, 196_608, 196_609, 300_001, 1 << 20]) func `what is compressed by several processors is one member`(
        size: Int
    ) throws {
        let noise = (0..<size).map { _ in UInt8.random(in: .min ... .max) }
        let text = Array(String(repeating: "the same line again\n", count: size / 20 + 1).utf8.prefix(size))
        for bytes in [noise, text, Array(noise.prefix(size / 2) + text.suffix(size - size / 2))] {
            let packed = try #require(Gzip.compress(bytes, level: 3))
            #expect(Gzip.decompress(packed, limit: size) == bytes)
            #expect(Gzip.compress(bytes, level: 3) == packed)
            // What one part repeats of the one before it is found there.
            let stream = try #require(GzipStream(level: 3))
            let whole = try stream.compress(bytes) + stream.compress(nil)
            #expect(packed.count <= whole.count + whole.count / 50 + 600)
        }
    }

    @Test(arguments: [0, 20_000, 39_999])
    func `a page that got a line is compressed again around the line only, to the same bytes`(
        place: Int
    ) throws {
        // Always the same, since it decides where parts are cut (Knuth's generator for MMIX).
        var state: UInt64 = 1
        var lines = (0..<40_000).map { number in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return "file-\(number).whl \(state) \(state &* state)\n"
        }
        let memory = GzipMemory(limit: 8 << 20)
        _ = Gzip.compress(Array(lines.joined().utf8), level: 3, memory: memory)
        let parts = memory.count
        #expect(parts >= 12)
        lines.insert("another file\n", at: place)
        let page = Array(lines.joined().utf8)
        let packed = try #require(Gzip.compress(page, level: 3, memory: memory))
        #expect(Gzip.decompress(packed, limit: page.count) == page)
        #expect(packed == Gzip.compress(page, level: 3))
        // The part with the line, and the one that has it in its dictionary; a cut may have moved as well.
        #expect((1...4).contains(memory.count - parts))
    }

    @Test func `no more is remembered than the limit`() throws {
        let memory = GzipMemory(limit: 1 << 20)
        for _ in 0..<10 {
            let noise = (0..<(1 << 19)).map { _ in UInt8.random(in: .min ... .max) }
            let packed = try #require(Gzip.compress(noise, level: 3, memory: memory))
            #expect(Gzip.decompress(packed, limit: noise.count) == noise)
        }
        // No part of noise is smaller than what it is made of, so that at most so many have place.
        #expect((1...24).contains(memory.count))
    }

    @Test(arguments: [1, 7, 1000, 1 << 20]) func `what is compressed in pieces comes back`(size: Int) throws {
        let noise = (0..<300_000).map { _ in UInt8.random(in: .min ... .max) }
        for bytes in [[], Self.text, noise] where size > 1 || bytes.count < 250_000 {
            let stream = try #require(GzipStream(level: 3))
            var packed: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                packed += try stream.compress(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            packed += try stream.compress(nil)
            #expect(Gzip.decompress(packed, limit: bytes.count) == bytes)
        }
    }

    @Test func `compression makes repetitions small`() throws {
        let packed = try #require(Gzip.compress(Self.text, level: 6))
        #expect(packed.count < Self.text.count / 50)
    }

    @Test func `more content than the limit is refused`() throws {
        let packed = try #require(Gzip.compress(Self.text, level: 6))
        #expect(Gzip.decompress(packed, limit: Self.text.count - 1) == nil)
    }

    @Test func `a cut or damaged stream is refused`() throws {
        let packed = try #require(Gzip.compress(Self.text, level: 6))
        for count in [0, 1, 10, packed.count / 2, packed.count - 1] {
            #expect(Gzip.decompress(Array(packed.prefix(count)), limit: .max) == nil)
        }
        var damaged = packed
        damaged[packed.count - 6] ^= 1
        #expect(Gzip.decompress(damaged, limit: .max) == nil)
        #expect(Gzip.decompress(packed + [0], limit: .max) == nil)
    }

    @Test func `deflate is gzip without its frame`() throws {
        let packed = try #require(Gzip.compress(Self.text, level: 6))
        #expect(Deflate.decompress(Array(packed.dropFirst(10).dropLast(8)), limit: Self.text.count) == Self.text)
    }

    @Test func `the checksum is the one of zip archives`() {
        // The check value of CRC-32/ISO-HDLC.
        #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
    }
}
