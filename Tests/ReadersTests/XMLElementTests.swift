import SaveXML
import Testing

@Suite struct XMLElementTests {
    private func read(_ text: String) -> XMLElement? { XMLElement(parsing: Array(text.utf8)) }

    @Test func `elements come in order, with their text, whatever stands around them`() throws {
        let root = try #require(
            read(
                """
                \u{FEFF}<?xml version="1.0"?><!-- a > b -->
                <list xmlns="http://example.com/?a=b>c"><entry><key> a&amp;b&#x20AC;<![CDATA[<c>]]> </key><size>1</size></entry><empty/>
                <entry><key>d</key></entry></list>
                """))
        #expect(root.name == "list")
        #expect(root.children.map(\.name) == ["entry", "empty", "entry"])
        #expect(root["entry"]?.text(of: "key") == "a&b€<c>")
        #expect(root["entry"]?.text(of: "size") == "1")
        #expect(root["empty"]?.text == "" && root.text(of: "empty") == nil && root["none"] == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&bomb;</a>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a", "<a b='>",
        "<1/>", "</a>", "<a>&#0;</a>", "<![CDATA[a]]><a/>",
    ]) func `what is no document is refused`(text: String) { #expect(read(text) == nil) }

    @Test func `elements that are nested without end are refused`() {
        #expect(read(String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)) == nil)
        #expect(read(String(repeating: "<a>", count: 30) + String(repeating: "</a>", count: 30)) != nil)
    }
}
