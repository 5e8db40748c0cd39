import SaveHTML
import Testing

@Suite struct HTMLTagsTests {
    private func read(_ page: String, limit: Int = 100) throws -> [HTMLTag] { try read(Array(page.utf8), limit: limit) }

    private func read(_ page: [UInt8], limit: Int) throws -> [HTMLTag] {
        try HTMLTags.read(
            page, named: ["a", "base", "meta"], attributes: ["href", "data-requires-python", "data-yanked", "name"], limit: limit)
    }

    @Test func `attributes that nobody asked for are left out`() throws {
        let tags = try read("<a id=i href=x HREF2=y hre=z>1</a><abbr href=no></abbr>")
        #expect(tags.map { $0.attributes.map(\.name) } == [["href"]])
    }

    @Test func `anchors have decoded attributes and their text`() throws {
        let tags = try read("<html><body><a href='x?a=1&amp;b=2' data-requires-python=\"&gt;=3.8\">Foo &lt;b</a>")
        #expect(tags.count == 1)
        #expect(tags.first?["href"] == "x?a=1&b=2")
        #expect(tags.first?["data-requires-python"] == ">=3.8")
        #expect(tags.first?.text == "Foo <b")
    }

    @Test func `an attribute without a value is present and empty`() throws {
        #expect(try read("<a href=x data-yanked>f</a>").first?["data-yanked"] == "")
    }

    @Test func `tags in any case, unclosed or in odd places are found`() throws {
        let tags = try read("<A HREF=one>1<a href=two>2</p></div><META NAME=n CONTENT=c><script>var x = '<a href=no>'</script>")
        #expect(tags.map(\.name) == ["a", "a", "meta"])
        #expect(tags.compactMap { $0["href"] } == ["one", "two"])
        #expect(tags.map(\.text) == ["1", "2", ""])
    }

    @Test func `text across pieces of the parser's input is whole`() throws {
        let filler = String(repeating: "<p>filler</p>", count: 6000)
        let page = filler + (0..<3000).map { "<a href=\"f\($0)\">name-\($0)</a>\n" }.joined()
        let tags = try read(page, limit: 5000)
        #expect(tags.map(\.text) == (0..<3000).map { "name-\($0)" })
    }

    @Test func `too many tags are an error`() {
        #expect(throws: HTMLError.tooManyTags) { try read(String(repeating: "<a href=x>", count: 101)) }
    }

    @Test func `bytes that are no page give no tags`() throws {
        #expect(try read([], limit: 1).isEmpty)
        #expect(try read([0, 0xFF, 0xFE, 0x3C], limit: 1).isEmpty)
        #expect(try read("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a href='&e;'>&e;</a>").first?.text != "root")
    }
}
