import SaveHTTP
import SavePlatform
import Testing

@Suite struct ByteRangeTests {
    static let vectors: [(field: String, size: Int64, range: ByteRange)] = [
        ("bytes=0-9", 100, .part(offset: 0, length: 10)), ("bytes=90-", 100, .part(offset: 90, length: 10)),
        ("bytes=-10", 100, .part(offset: 90, length: 10)), ("bytes=-1000", 100, .part(offset: 0, length: 100)),
        ("bytes=0-0", 1, .part(offset: 0, length: 1)), ("bytes=50-1000", 100, .part(offset: 50, length: 50)),
        ("bytes=0-9223372036854775807", 100, .part(offset: 0, length: 100)),
        ("bytes=0-99999999999999999999", 100, .part(offset: 0, length: 100)),
        ("bytes=100-", 100, .unsatisfiable), ("bytes=100-200", 10, .unsatisfiable), ("bytes=5-2", 100, .unsatisfiable),
        ("bytes=-0", 100, .unsatisfiable), ("bytes=99999999999999999999-", 100, .unsatisfiable), ("bytes=0-", 0, .unsatisfiable),
        ("bytes=-5", 0, .unsatisfiable),
        ("bytes=-", 100, .whole), ("bytes=", 100, .whole), ("bytes=a-b", 100, .whole), ("bytes=1-2,4-5", 100, .whole),
        ("items=0-1", 100, .whole), ("bytes=+1-2", 100, .whole), ("bytes=1 -2", 100, .whole), ("", 100, .whole),
    ]

    @Test(arguments: vectors)
    func `a range is a part, nothing, or ignored`(field: String, size: Int64, range: ByteRange) {
        let request = HTTPRequest(method: .get, target: Array("/".utf8), headers: ["Range": field])
        #expect(ByteRange.of(request, size: size, etag: nil, lastModified: nil) == range)
    }

    @Test func `If-Range with another tag sends the whole`() {
        let request = HTTPRequest(method: .get, target: Array("/".utf8), headers: ["Range": "bytes=0-9", "If-Range": "\"b\""])
        #expect(ByteRange.of(request, size: 100, etag: "\"a\"", lastModified: nil) == .whole)
        #expect(ByteRange.of(request, size: 100, etag: "\"b\"", lastModified: nil) == .part(offset: 0, length: 10))
    }

    @Test func `If-Range takes the exact date`() {
        let date = Timestamp(seconds: 1_700_000_000)
        let request = HTTPRequest(
            method: .get, target: Array("/".utf8), headers: ["Range": "bytes=0-9", "If-Range": date.httpDate])
        #expect(ByteRange.of(request, size: 100, etag: "\"a\"", lastModified: date) == .part(offset: 0, length: 10))
        #expect(ByteRange.of(request, size: 100, etag: "\"a\"", lastModified: date.adding(seconds: 1)) == .whole)
    }
}
