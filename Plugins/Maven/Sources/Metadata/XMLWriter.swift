internal import SavePlatform

/// Writes XML as Maven does: two blanks for each level.
struct XMLWriter {
    private(set) var bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
    private var level = 0

    mutating func element(_ name: String, _ body: (inout XMLWriter) -> Void) {
        line("<\(name)>")
        level += 1
        body(&self)
        level -= 1
        line("</\(name)>")
    }

    mutating func element(_ name: String, _ text: String?) {
        guard let text else { return }
        line("<\(name)>\(ASCII.htmlEscaped(text))</\(name)>")
    }

    private mutating func line(_ text: String) {
        for _ in 0..<level { bytes.append(contentsOf: [0x20, 0x20]) }
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0A)
    }
}
