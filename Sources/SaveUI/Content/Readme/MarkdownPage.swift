internal import SaveHTTP
internal import SaveMarkdown
internal import SavePlatform

/// Markdown as a part of a page: elements and addresses that are listed here, and nothing else of what an author writes. Nothing is
/// loaded from elsewhere: an image is a link to it.
final class MarkdownPage {
    private struct Frame {
        let element: MarkdownElement?
        var parts: [HTML] = []
        /// Whether there is anything in it to read.
        var hasText = false
    }

    private var stack = [Frame(element: nil)]
    /// The text of the title that is read at the moment, for links that lead to it.
    private var title: [UInt8]?
    private var slugs: [String: Int] = [:]
    private var lastLevel = 1

    private init() {}

    /// - Throws: `MarkdownError` for what is better shown as it is written.
    static func html(_ text: [UInt8]) throws(MarkdownError) -> HTML {
        let page = MarkdownPage()
        try Markdown.read(text) { page.take($0) }
        return .joined(page.stack.flatMap(\.parts), by: "")
    }

    private func take(_ event: MarkdownEvent) {
        switch event {
        case .begin(let element):
            if case .title = element { title = [] }
            stack.append(Frame(element: element))
        case .end:
            guard stack.count > 1, let frame = stack.popLast() else { return }
            let isImage = if case .image = frame.element { true } else { false }
            // What stands for an image without words is text.
            add(html(of: frame), hasText: frame.hasText || isImage)
        case .text(let text):
            title?.append(contentsOf: text.utf8)
            add("\(text)", hasText: text.utf8.contains { $0 > 0x20 })
        case .lineBreak: add(isInside(\.isAddress) ? " " : "<br>", hasText: false)
        case .softBreak: add("\n", hasText: false)
        }
    }

    private func add(_ html: HTML, hasText: Bool) {
        let top = stack.count - 1
        stack[top].parts.append(html)
        if hasText { stack[top].hasText = true }
    }

    private func isInside(_ fits: (MarkdownElement) -> Bool) -> Bool { stack.contains { $0.element.map(fits) ?? false } }

    private func html(of frame: Frame) -> HTML {
        let content = HTML.joined(frame.parts, by: "")
        switch frame.element {
        case nil: return content
        case .paragraph: return "<p>\(content)</p>\n"
        case .quote: return "<blockquote>\(content)</blockquote>\n"
        case .rule: return "<hr>\n"
        case .title(let level): return heading(level, content, isEmpty: !frame.hasText)
        case .bullets: return "<ul>\(content)</ul>\n"
        case .numbers(let first): return first == 1 ? "<ol>\(content)</ol>\n" : "<ol start=\"\(first)\">\(content)</ol>\n"
        case .item(let isDone):
            let mark: HTML = isDone.map { $0 ? "☑ " : "☐ " } ?? ""
            return "<li>\(mark)\(content)</li>\n"
        case .code: return "<pre tabindex=\"0\"><code>\(content)</code></pre>\n"
        case .table: return "<div class=\"wide\" tabindex=\"0\"><table>\(content)</table></div>\n"
        case .head: return "<thead>\(content)</thead>"
        case .body: return "<tbody>\(content)</tbody>"
        case .row: return "<tr>\(content)</tr>"
        // An empty heading is none, to those who have a page read out.
        case .headingCell(let place): return frame.hasText ? cell("th", place, content) : cell("td", place, content)
        case .cell(let place): return cell("td", place, content)
        case .emphasis: return "<em>\(content)</em>"
        case .strong: return "<strong>\(content)</strong>"
        case .deleted: return "<del>\(content)</del>"
        case .word: return "<code>\(content)</code>"
        case .link(let address), .image(let address): return link(address, frame, content)
        }
    }

    private func cell(_ name: String, _ place: MarkdownAlignment, _ content: HTML) -> HTML {
        switch (name, place) {
        case ("th", .right): "<th class=\"num\">\(content)</th>"
        case ("th", _): "<th>\(content)</th>"
        case (_, .right): "<td class=\"num\">\(content)</td>"
        default: "<td>\(content)</td>"
        }
    }

    /// The page has a title above these, and no level is left out.
    private func heading(_ level: Int, _ content: HTML, isEmpty: Bool) -> HTML {
        let slug = Self.slug(title ?? [])
        title = nil
        guard !isEmpty else { return content }
        lastLevel = min(level + 1, lastLevel + 1, 6)
        slugs[slug, default: 0] += 1
        let number = slugs[slug] ?? 1
        let id = Self.place + slug + (number > 1 ? "-\(number - 1)" : "")
        switch lastLevel {
        case 2: return "<h2 id=\"\(id)\">\(content)</h2>\n"
        case 3: return "<h3 id=\"\(id)\">\(content)</h3>\n"
        case 4: return "<h4 id=\"\(id)\">\(content)</h4>\n"
        case 5: return "<h5 id=\"\(id)\">\(content)</h5>\n"
        default: return "<h6 id=\"\(id)\">\(content)</h6>\n"
        }
    }

    /// No author chooses the id of a part of the page: all of theirs begin so.
    private static let place = "readme-"

    /// As GitHub makes them: small letters, a hyphen for each space, and no punctuation.
    private static func slug(_ title: [UInt8]) -> String {
        let kept = title.prefix(200).compactMap { byte -> UInt8? in
            if byte == 0x20 || byte == UInt8(ascii: "-") { return UInt8(ascii: "-") }
            return ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte >= 0x80 ? ASCII.lowercased(byte) : nil
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private func link(_ address: String, _ frame: Frame, _ content: HTML) -> HTML {
        let isImage = if case .image = frame.element { true } else { false }
        let text: HTML = frame.hasText ? content : isImage ? "image" : "\(address)"
        let shown: HTML = isImage ? "<span class=\"image\">\(text)</span>" : text
        // Links are not in each other, and the words of an image are no links.
        guard !isInside(\.isAddress), let address = Address.allowed(address, place: Self.place) else { return shown }
        if address.utf8.first == UInt8(ascii: "#") { return "<a href=\"\(address)\">\(shown)</a>" }
        return "<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">\(shown)</a>"
    }
}

extension MarkdownElement {
    fileprivate var isAddress: Bool {
        switch self {
        case .link, .image: true
        default: false
        }
    }
}

/// Addresses that others wrote.
enum Address {
    /// What a page may link to: `http`, `https`, `mailto`, and places in what its author wrote. nil for all else, such as
    /// `javascript:`, `data:` and paths of this server.
    ///
    /// - Parameter place: what the ids in that text begin with.
    static func allowed(_ address: String, place: String) -> String? {
        let bytes = address.utf8
        guard bytes.count <= 2048, bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        if bytes.first == UInt8(ascii: "#") {
            return "#" + place + ASCII.lowercased(String(Substring(bytes.dropFirst())))
        }
        let start = ASCII.lowercased(String(decoding: bytes.prefix(8), as: UTF8.self))
        return ["http://", "https://", "mailto:"].contains { start.utf8.starts(with: $0.utf8) } ? address : nil
    }
}
