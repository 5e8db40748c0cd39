import SavePlatform
import Testing

struct QueryItemsTests {
    private func decode(_ text: String) throws -> QueryItems { try QueryItems(decoding: Array(text.utf8)[...]) }

    @Test func `items are decoded in order`() throws {
        let items = try decode("q=a+b%26c&limit=5&q=&flag&=x")
        #expect(items.all.map(\.name) == ["q", "limit", "q", "flag", ""])
        #expect(items["q"] == "a b&c")
        #expect(items["flag"] == "")
        #expect(items["missing"] == nil)
        #expect(try QueryItems(decoding: nil).all.isEmpty)
    }

    @Test func `wildcards of databases are letters like any other`() throws {
        #expect(try decode("q=%25_%5C'")["q"] == "%_\\'")
    }

    @Test(arguments: ["q=%", "q=%2", "q=%zz", "%=1", "q=%ff", "q=%C0%AF"]) func `a bad escape is refused`(query: String) {
        let error = #expect(throws: SaveError.self) { try decode(query) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `a query has at most 100 items`() throws {
        #expect(try decode(Array(repeating: "a=1", count: 100).joined(separator: "&")).all.count == 100)
        #expect(throws: SaveError.self) { try decode(Array(repeating: "a=1", count: 101).joined(separator: "&")) }
    }
}
