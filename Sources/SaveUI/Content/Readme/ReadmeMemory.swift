internal import SaveCaching
internal import SaveDigest
internal import SaveHTTP
internal import SaveMarkdown
internal import SavePlatform

/// What authors tell of their releases, as parts of pages: each text is rendered once, and remembered by its digest.
package final class ReadmeMemory: Sendable {
    private let rendered = BoundedCache<String, HTML>(limit: 32 << 20)
    private let processors: BlockingPool

    init(_ processors: BlockingPool) { self.processors = processors }

    func html(_ readme: Document) async throws -> HTML {
        let bytes = readme.bytes
        let isMarkdown = ["text/markdown", "text/x-markdown"].contains(readme.type.essence)
        let processors = processors
        return try await processors.run(lasting: .reading(bytes.count)) { [rendered] in
            let key = (isMarkdown ? "m" : "t") + Digest.hex(bytes)
            if let known = rendered[key] { return known }
            let html = Self.render(bytes, isMarkdown: isMarkdown)
            rendered.insert(html, for: key, cost: html.size)
            return html
        }
    }

    /// What cannot be read as Markdown within its limits is shown as it is written, as everything else.
    private static func render(_ bytes: [UInt8], isMarkdown: Bool) -> HTML {
        if isMarkdown, let html = try? MarkdownPage.html(bytes) { return "<div class=\"prose\">\(html)</div>" }
        let shown = bytes.prefix(Markdown.maxBytes)
        let rest: HTML = bytes.count > shown.count ? "<p>The rest of it is in the file.</p>" : ""
        let text = LinkedText.html(String(decoding: shown, as: UTF8.self))
        return "<pre class=\"prose plain\" tabindex=\"0\">\(text)</pre>\(rest)"
    }
}
