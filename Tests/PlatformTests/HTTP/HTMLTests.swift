import SaveHTTP
import Testing

/// Whatever a string says, and wherever a template puts it, it is text.
@Suite struct HTMLTests {
    /// What publishers, upstreams and visitors would like to be markup.
    static let hostile = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' autofocus onfocus='alert(1)", "a b=c",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>",
        "vbscript:x", "//elsewhere.test/x", "/\\elsewhere.test", "\\\\elsewhere.test", "https:elsewhere.test", "</title><b>",
        "</style><b>",
        "<!--", "-->", "&lt;b&gt;", "x\u{0}y", "", "é<\u{202E}>", "}body{color:red", "expression(alert(1))",
    ]

    /// Markup that a browser would see beyond the template's own.
    private func markup(_ html: HTML) -> String { html.text.filter { "<>\"".contains($0) } }

    @Test(arguments: hostile) func `in text and in attributes a string adds no markup`(_ text: String) {
        #expect(markup("<p>\(text)</p>") == "<><>")
        #expect(markup("<p title=\"\(text)\">x</p>") == "<\"\"><>")
        #expect(markup("<p title=\"a \(text) b\" class=\"c\">\(text)</p>") == "<\"\"\"\"><>")
        #expect(markup("<p title=\(text)>x</p>") == "<\"\"><>")
        #expect(markup("<title>\(text)</title>") == "<><>")
        #expect(!("<p title='x' class=\"\(text)\">" as HTML).text.dropFirst(20).dropLast(2).contains("'"))
    }

    @Test(arguments: hostile) func `where a URL begins a string is a place of the web, or nowhere`(_ text: String) {
        for html in ["<a href=\"\(text)\">", "<img src=\"\(text)\">", "<form class=\"f\" action=\"\(text)\">"] as [HTML] {
            let value = html.text.split(separator: "\"", omittingEmptySubsequences: false).dropLast().last.map(String.init) ?? ""
            #expect(value == "#" || value.isEmpty, "\(html.text)")
        }
        // An empty beginning leaves it to what follows.
        #expect(("<a href=\"\("")\("javascript:x")\">" as HTML).text == "<a href=\"#\">")
    }

    @Test(arguments: [
        "/ui/", "/ui/a?b=c&d=e", "#main", "?x=1", "https://save.test/", "http://save.test", "HTTPS://SAVE.test/x",
        "mailto:a@save.test",
    ])
    func `what is a link stays one`(_ link: String) {
        #expect(("<a href=\"\(link)\">" as HTML).text == "<a href=\"\(link.replacing("&", with: "&amp;"))\">")
    }

    @Test(arguments: hostile) func `where no escape helps there is nothing of a string`(_ text: String) {
        #expect(("<a onclick=\"\(text)\">" as HTML).text == "<a onclick=\"\">")
        #expect(("<a ONCLICK=\"f('\(text)')\">" as HTML).text == "<a ONCLICK=\"f('')\">")
        #expect(("<a style=\"color: \(text)\">" as HTML).text == "<a style=\"color: \">")
        #expect(("<a onclick=\(text)>" as HTML).text == "<a onclick=>")
        #expect(("<\(text)>" as HTML).text == "<>")
        #expect(("<a \(text)>" as HTML).text == "<a >")
        #expect(("<a \(text)=\"x\">" as HTML).text == "<a =\"x\">")
        #expect(("<!-- \(text) -->" as HTML).text == "<!--  -->")
        #expect(("<script>\(text)</script>" as HTML).text == "<script></script>")
        #expect(("<style>p{} \(text)</style>" as HTML).text == "<style>p{} </style>")
        #expect(("<SCRIPT type=\"module\">f(\(text))</SCRIPT>" as HTML).text == "<SCRIPT type=\"module\">f()</SCRIPT>")
    }

    @Test func `other HTML, numbers and lists go in as they are`() {
        let parts: [HTML] = ["<b>1</b>", "<b>\(2)</b>"]
        #expect(("<p>\(parts)\(nil as HTML?)</p>" as HTML).text == "<p><b>1</b>\n<b>2</b></p>")
        #expect(("<td colspan=\"\(3)\" width=\(4)>" as HTML).text == "<td colspan=\"3\" width=\"4\">")
        #expect(HTML.joined(parts, by: ", ").text == "<b>1</b>, <b>2</b>")
    }

    @Test func `a string behind a closed tag is text again`() {
        #expect(("<script>f()</script><p>\("x")</p>" as HTML).text == "<script>f()</script><p>x</p>")
        #expect(("<a href=\"/x\">\("javascript:y")</a>" as HTML).text == "<a href=\"/x\">javascript:y</a>")
    }
}
