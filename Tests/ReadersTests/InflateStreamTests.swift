import SaveCompression
import Testing

@Suite struct InflateStreamTests {
    private let text = Array(String(repeating: "a line of an index\n", count: 20_000).utf8)

    /// Feeds bytes in pieces and gathers the content; nil for a failure.
    private func decode(_ bytes: [UInt8], _ coding: InflateStream.Coding, pieces: Int) -> (content: [UInt8], isWhole: Bool)? {
        let stream = InflateStream(coding)
        var content: [UInt8] = []
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try bytes[start..<min(bytes.count, start + pieces)].withUnsafeBytes { piece in
                    try stream.feed(piece) {
                        content += $0
                        return true
                    }
                }
            }
        } catch { return nil }
        return (content, stream.isWhole)
    }

    @Test(arguments: [1, 7, 1000, 1 << 20])
    func `what was compressed comes out again, however it is cut into pieces`(pieces: Int) throws {
        let coded = try #require(Gzip.compress(text, level: 5))
        let decoded = try #require(decode(coded, .gzip, pieces: pieces))
        #expect(decoded.content == text)
        #expect(decoded.isWhole)
        let twice = try #require(decode(coded + coded, .gzip, pieces: pieces))
        #expect(twice.content == text + text)
        #expect(twice.isWhole)
    }

    @Test func `deflate is read with and without its wrapper`() throws {
        let zlib: [UInt8] = [0x78, 0x9C, 0x4B, 0x4C, 0x4A, 0x06, 0x00, 0x02, 0x4D, 0x01, 0x27]
        for coded in [zlib, Array(zlib[2..<7])] {
            let decoded = try #require(decode(coded, .deflate, pieces: 3))
            #expect(decoded.content == Array("abc".utf8))
            #expect(decoded.isWhole)
        }
        #expect(decode(Array(zlib[2..<7]), .gzip, pieces: 100)?.isWhole != true)
    }

    @Test func `every cut of a stream is known not to be whole`() throws {
        let coded = try #require(Gzip.compress(Array("some content".utf8), level: 9))
        for length in 1..<coded.count {
            #expect(decode(Array(coded.prefix(length)), .gzip, pieces: 5)?.isWhole == false, "\(length)")
        }
        #expect(InflateStream(.gzip).isWhole)
    }

    @Test func `damage and bytes behind the end are refused`() throws {
        var coded = try #require(Gzip.compress(Array("some content".utf8), level: 9))
        #expect(decode(coded + [0x41], .gzip, pieces: 100) == nil)
        coded[coded.count - 6] ^= 1
        #expect(decode(coded, .gzip, pieces: 100) == nil)
    }
}
