import SavePlatform
import Testing

struct RequestPathTests {
    private func decode(_ text: String) throws -> RequestPath { try RequestPath(decoding: Array(text.utf8)[...]) }

    @Test func `a path is decoded once, segment by segment`() throws {
        #expect(try decode("/").segments == [])
        #expect(try decode("/a/b%20c/").segments == ["a", "b c"])
        #expect(try decode("/a/b%20c/").endsInSlash)
        #expect(try !decode("/a").endsInSlash)
        #expect(try decode("/%E2%82%AC/sa%24ci/a+b").segments == ["€", "sa$ci", "a+b"])
    }

    @Test(arguments: [
        "", "a", "/..", "/a/../b", "/.", "/a/./b", "/%2e%2e/x", "/%2E./x", "/.%2e", "/a/..;x/b", "/a%2fb", "/a%2Fb", "/a\\b",
        "/a%5cb", "/%00", "/a%0d%0ab", "/a%0ab", "/a%7f", "/a\u{1}", "/%", "/%2", "/%zz", "/%252e%252e", "/a%252fb", "/%2500",
        "/%ff",
        "/%C0%AF", "/%ed%a0%80",
    ]) func `a path that could mean something else to someone else is refused`(path: String) {
        let error = #expect(throws: SaveError.self) { try decode(path) }
        #expect(error?.code == .invalidRequest)
    }

    @Test(arguments: ["//", "/a//b", "//a", "/a//"]) func `an empty segment is a path that does not exist`(path: String) {
        let error = #expect(throws: SaveError.self) { try decode(path) }
        #expect(error?.code == .notFound)
    }

    @Test func `an escaped slash separates where names have slashes, and hides nothing`() throws {
        func decode(_ text: String) throws -> [String] {
            try RequestPath(decoding: Array(text.utf8)[...], escapedSlashesSeparate: true).segments
        }
        #expect(try decode("/@acme%2fx/y%2Fz") == ["@acme", "x", "y", "z"])
        for path in ["/a%2f..%2fb", "/a%2f%2e%2e", "/a%252fb", "/%2f", "/a%2f%2fb", "/a%2f%00", "/a%2f%", "/a%5cb"] {
            #expect(throws: SaveError.self, "\(path)") { try decode(path) }
        }
    }

    @Test func `a segment has at most 255 bytes, decoded`() throws {
        #expect(try decode("/" + String(repeating: "a", count: 255)).segments.count == 1)
        #expect(throws: SaveError.self) { try decode("/" + String(repeating: "a", count: 256)) }
        #expect(try decode("/" + String(repeating: "%61", count: 255)).segments.count == 1)
    }

    @Test func `a percent sign is a character like others where nothing dangerous hides behind it`() throws {
        #expect(try decode("/per%25cent").segments == ["per%cent"])
        #expect(try decode("/100%25").segments == ["100%"])
    }

    @Test func `a slash that carries a combining mark is still a slash`() throws {
        #expect(try decode("/a/\u{338}b").segments == ["a", "\u{338}b"])
    }
}
