import SaveMarkdown
import Synchronization
import Testing

@Suite struct MarkdownTests {
    /// The document as one line: elements in parentheses, text as it is.
    private func read(_ text: String) throws -> String {
        let seen = Mutex("")
        try Markdown.read(Array(text.utf8)) { event in
            seen.withLock { seen in
                switch event {
                case .begin(let element): seen += "(\(element) "
                case .end: seen += ")"
                case .text(let text): seen += text
                case .lineBreak: seen += "|"
                case .softBreak: seen += " "
                }
            }
        }
        return seen.withLock { $0 }
    }

    @Test func `blocks and spans come in order, and each ends`() throws {
        #expect(
            try read("# A *b*\n\nc **d** ~~e~~ `f`  \ng\nh")
                == "(title(level: 1) A (emphasis b))(paragraph c (strong d) (deleted e) (word f)|g h)")
        #expect(
            try read("> a\n\n---\n\n1. b\n2. c\n")
                == "(quote (paragraph a))(rule )(numbers(from: 1) (item(isDone: nil) b)(item(isDone: nil) c))")
        #expect(
            try read("- a\n  - b\n    - c\n")
                == "(bullets (item(isDone: nil) a(bullets (item(isDone: nil) b(bullets (item(isDone: nil) c))))))")
        #expect(try read("- [x] a\n- [ ] b\n") == "(bullets (item(isDone: Optional(true)) a)(item(isDone: Optional(false)) b))")
        #expect(try read("```swift\na < b\n```\n") == "(code a < b\n)")
        #expect(
            try read("|a|b|\n|:--|--:|\n|c|d|\n")
                == "(table (head (row (headingCell(SaveMarkdown.MarkdownAlignment.left) a)(headingCell(SaveMarkdown.MarkdownAlignment.right) b)))(body (row (cell(SaveMarkdown.MarkdownAlignment.left) c)(cell(SaveMarkdown.MarkdownAlignment.right) d))))"
        )
    }

    @Test func `addresses come as they are meant, also where they are written in entities`() throws {
        #expect(try read("[a](https://x.test/?a=1&amp;b)") == "(paragraph (link(to: \"https://x.test/?a=1&b\") a))")
        #expect(try read("![a](data:x)") == "(paragraph (image(at: \"data:x\") a))")
        for address in ["&#106;avascript:x", "&#x6A;avascript:x", "java&#115;cript:x", "javascript&colon;x"] {
            #expect(try read("[a](\(address))") == "(paragraph (link(to: \"javascript:x\") a))", "\(address)")
        }
        #expect(
            try read("https://x.test/a and <b@c.test>")
                == "(paragraph (link(to: \"https://x.test/a\") https://x.test/a) and (link(to: \"mailto:b@c.test\") b@c.test))")
    }

    @Test func `HTML is text, in a block and in a line, and entities are what they stand for`() throws {
        #expect(try read("<script>alert(1)</script>\n") == "(paragraph <script>alert(1)</script>)")
        #expect(try read("a <img src=x onerror=y> b") == "(paragraph a <img src=x onerror=y> b)")
        #expect(
            try read("&lt;b&gt; &copy; &#65; &#x42; &#0; &#1114112; &nosuch;")
                == "(paragraph <b> © A B \u{FFFD} \u{FFFD} &nosuch;)")
        #expect(try read("a\u{0}b") == "(paragraph a\u{FFFD}b)")
    }

    @Test func `a document that is too large or too deep is given up`() throws {
        #expect(throws: MarkdownError.tooLarge) { try read(String(repeating: "a", count: Markdown.maxBytes + 1)) }
        #expect(throws: MarkdownError.tooDeep) { try read(String(repeating: ">", count: 10_000) + "a") }
        #expect(throws: MarkdownError.tooDeep) { try read(String(repeating: "> ", count: Markdown.maxDepth) + "a") }
        #expect(
            try read(String(repeating: "> ", count: Markdown.maxDepth - 1) + "a").hasSuffix(
                "a" + String(repeating: ")", count: Markdown.maxDepth)))
        // 3,000 columns, and rows that have none of them.
        let table = String(repeating: "a|", count: 3000) + "\n" + String(repeating: "---|", count: 3000) + "\n"
        #expect(throws: MarkdownError.tooLarge) { try read(table + String(repeating: "b\n", count: 10_000)) }
        // One address, named many times.
        let address = "[a]: https://x.test/" + String(repeating: "b", count: 100_000) + "\n\n"
        #expect(throws: MarkdownError.tooLarge) { try read(address + String(repeating: "[a] ", count: 10_000)) }
    }

    /// What has hung parsers of Markdown (CommonMark's and GitHub's collections of pathological input).
    private static let pathological: [(name: String, text: String)] = [
        ("strong and emphasis", String(repeating: "*a **a ", count: 15_000)),
        ("closers without openers", String(repeating: "a_ ", count: 40_000)),
        ("openers without closers", String(repeating: "_a ", count: 40_000)),
        ("closers of links", String(repeating: "a]", count: 60_000)),
        ("openers of links", String(repeating: "[a", count: 60_000)),
        ("mismatched openers and closers", String(repeating: "*a_ ", count: 30_000)),
        ("links in links", String(repeating: "[a](", count: 30_000)),
        ("brackets in brackets", String(repeating: "[", count: 50_000) + "a" + String(repeating: "]", count: 50_000)),
        ("quotes in quotes", String(repeating: "> ", count: 50_000) + "a"),
        ("code of all lengths", (1...900).map { "e" + String(repeating: "`", count: $0) }.joined()),
        ("lists in lists", (0..<600).map { String(repeating: "  ", count: $0) + "* a\n" }.joined()),
        (
            "a table of many columns",
            String(repeating: "a|", count: 3000) + "\n" + String(repeating: "---|", count: 3000) + "\nb\n"
        ),
        ("references", (0..<20_000).map { "[a\($0)]: /x\n" }.joined() + String(repeating: "[b]", count: 40_000)),
        ("comments", String(repeating: "<!-- ", count: 40_000)),
        ("images in images", String(repeating: "![", count: 50_000)),
        ("entities", String(repeating: "&#", count: 60_000)),
    ]

    @Test(arguments: pathological.indices)
    func `what was made to hang parsers is read, or given up, in time`(_ index: Int) throws {
        let (name, text) = Self.pathological[index]
        let clock = ContinuousClock()
        let time = clock.measure {
            do { _ = try read(text) } catch { #expect(error is MarkdownError, "\(name)") }
        }
        // Some hundred times what any of them takes.
        #expect(time < .seconds(20), "\(name): \(time)")
    }

    @Test func `whatever bytes there are, what begins has an end`() throws {
        let pieces = [
            "*", "_", "[", "]", "(", ")", "!", "`", "\n", "\n\n", "> ", "- ", "1. ", "#", "|", "---|", "a", "&amp;", "<", ">",
            "~~",
            "\\", "\u{0}", "é", "https://x.test", "[a]: b\n", "    ", "\t",
        ]
        var random = Numbers(state: 42)
        for _ in 0..<2_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                text += Array((pieces.randomElement(using: &random) ?? "").utf8)
                if Int.random(in: 0..<20, using: &random) == 0 { text.append(UInt8.random(in: 0...255, using: &random)) }
            }
            let depth = Mutex(0)
            do {
                try Markdown.read(text) { event in
                    depth.withLock { depth in
                        if case .begin = event { depth += 1 }
                        if event == .end { depth -= 1 }
                        #expect(depth >= 0)
                    }
                }
                #expect(depth.withLock { $0 } == 0)
            } catch { #expect(error is MarkdownError) }
        }
    }
}

/// The same numbers in every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
