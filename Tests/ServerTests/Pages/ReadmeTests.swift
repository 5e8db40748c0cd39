internal import Foundation
import SaveHTTP
import SavePlatform
import Testing

@testable import SaveUI

/// What authors write is shown, and does nothing.
@Suite struct ReadmeTests {
    private func html(_ text: String) throws -> String { try MarkdownPage.html(Array(text.utf8)).text.replacing("\n", with: "") }

    @Test func `Markdown is elements and text, one level below the title of the page`() throws {
        #expect(try html("# A b!\n\nc *d*") == "<h2 id=\"readme-a-b\">A b!</h2><p>c <em>d</em></p>")
        #expect(
            try html("### A\n\n###### B\n\n# A")
                == "<h2 id=\"readme-a\">A</h2><h3 id=\"readme-b\">B</h3><h2 id=\"readme-a-1\">A</h2>")
        #expect(try html("1. a\n2. b") == "<ol><li>a</li><li>b</li></ol>")
        #expect(try html("3. a") == "<ol start=\"3\"><li>a</li></ol>")
        #expect(try html("- [x] a") == "<ul><li>☑ a</li></ul>")
        #expect(try html("```\na<b\n```") == "<pre tabindex=\"0\"><code>a&lt;b</code></pre>")
        #expect(try html("|a|b|\n|---|--:|\n|c|d|").contains("<th>a</th><th class=\"num\">b</th>"))
    }

    @Test func `an address is a link where it is of the web, of mail, or in the text itself`() throws {
        let rel = "rel=\"nofollow noopener noreferrer\""
        #expect(try html("[a](https://x.test)") == "<p><a href=\"https://x.test\" \(rel)>a</a></p>")
        #expect(try html("[a](MAILTO:x@y.test)") == "<p><a href=\"MAILTO:x@y.test\" \(rel)>a</a></p>")
        #expect(try html("[a](#Usage)") == "<p><a href=\"#readme-usage\">a</a></p>")
        for address in [
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)", "javascript&colon;alert(1)",
            "data:text/html,x",
            "vbscript:x", "file:///etc/passwd", "//x.test", "/ui/account", "docs/a.md", "\\\\\\\\x.test", "x:y", "blob:x", "?a=b",
            "java\tscript:x", "%6aavascript:x",
        ] {
            #expect(try !html("[a](\(address))").contains("href"), "\(address)")
            #expect(try !html("[a](<\(address)>)").contains("href"), "\(address)")
            #expect(try !html("![a](\(address))").contains("href"), "\(address)")
            #expect(try !html("[a][b]\n\n[b]: \(address)").contains("href"), "\(address)")
        }
    }

    @Test func `an image is a link to it, and within a link its words`() throws {
        let image = try html("![alt *x*](https://x.test/i.png)")
        #expect(image.contains("href=\"https://x.test/i.png\"") && image.contains("alt <em>x</em>") && !image.contains("<img"))
        let badge = try html("[![build](https://x.test/b.svg)](https://x.test/ci)")
        #expect(badge.contains("href=\"https://x.test/ci\"") && !badge.contains("b.svg") && badge.contains(">build<"))
        #expect(try html("[![](https://x.test/b.svg)](https://x.test/ci)").contains(">image<"))
    }

    /// What was tried against pages that show what others write.
    private static let hostile = [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=javascript:alert(1)>",
        "<a href=\"javascript:alert(1)\">x</a>", "<style>*{background:url(http://x.test)}</style>", "<base href=//x.test>",
        "<form action=//x.test><button>x</button></form>", "<meta http-equiv=refresh content=0;url=//x.test>", "<!--", "-->",
        "]]>",
        "[a](https://x.test/\"onmouseover=\"alert(1))", "[a](https://x.test/ \"t\\\" onmouseover=\\\"alert(1)\")",
        "![a\"onerror=\"alert(1)](https://x.test)", "`<script>`", "```\"><script>alert(1)</script>\nx\n```", "    <script>",
        "<https://x.test/<script>>", "<javascript:alert(1)>", "https://x.test/\"><script>alert(1)</script>",
        "[x]: https://x.test/'\"><script>\n\n[x]", "# <script>alert(1)</script>", "|<script>|\n|---|\n|<script>|",
        "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;", "<div id=main>", "# main\n\n# constructor",
    ]

    @Test(arguments: hostile)
    func `nothing that an author writes is more than text, in Markdown and in plain text`(_ text: String) throws {
        for html in [try MarkdownPage.html(Array(text.utf8)).text, LinkedText.html(text).text] {
            // Every tag is one that the reader of Markdown writes, with its attributes.
            for tag in html.components(separatedBy: "<").dropFirst() {
                let isOurs = try Self.ours.contains { try Regex($0).prefixMatch(in: tag) != nil }
                #expect(isOurs, "<\(tag) of \(text)")
            }
        }
    }

    private static let ours = [
        "/?(p|em|strong|del|code|ul|ol|li|blockquote|thead|tbody|tr|th|td|table|br|hr|span|pre|div|a|h[2-6])>",
        "a href=\"(https?://|mailto:|#readme-)[^\"<>]*\"( rel=\"nofollow noopener noreferrer\")?>",
        "h[2-6] id=\"readme-[^\"<>]*\">", "pre tabindex=\"0\">", "div class=\"wide\" tabindex=\"0\">", "span class=\"image\">",
        "ol start=\"[0-9]+\">", "t[hd] class=\"num\">",
    ]

    @Test func `text has links where addresses of the web are, without what closes the sentence`() {
        let text = LinkedText.html(
            "See <https://x.test/a>, (http://y.test/b). `Foo <https://z.test>`_ https:// ht http javascript:x"
        ).text
        #expect(text.contains("<a href=\"https://x.test/a\""))
        #expect(text.contains(">http://y.test/b</a>)."))
        #expect(text.contains("&lt;<a href=\"https://z.test\""))
        #expect(text.components(separatedBy: "<a ").count == 4)
    }
}
