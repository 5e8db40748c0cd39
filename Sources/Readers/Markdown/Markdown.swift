internal import CMd4c

/// Reads Markdown: CommonMark, and of GitHub's additions tables, deleted text, lists of tasks, and addresses that are links by themselves.
///
/// Addresses are given as they are written, and raw HTML as text: what a page takes of them is for the page to say.
public enum Markdown {
    /// Longer documents are refused, in bytes.
    public static let maxBytes = 512 << 10
    /// Elements in each other.
    public static let maxDepth = 100
    /// A table is filled up with cells that nobody wrote, and an address that was written once may be used in many places (md4c 0.4.8):
    /// a document of a few kilobytes must not become one of many megabytes. Events, and bytes of text and addresses.
    static let maxEvents = 250_000
    static let maxOutput = 4 << 20

    /// Calls `handle` with each part of a document, in order. Every element that begins has an end, unless this throws.
    ///
    /// - Parameter text: UTF-8; other bytes are replaced.
    /// - Throws: ``MarkdownError`` where the document is given up.
    public static func read(_ text: [UInt8], _ handle: @escaping (MarkdownEvent) -> Void) throws(MarkdownError) {
        guard text.count <= maxBytes else { throw .tooLarge }
        let reader = Reader(handle)
        var parser = MD_PARSER()
        parser.flags = UInt32(
            MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_PERMISSIVEEMAILAUTOLINKS | MD_FLAG_PERMISSIVEWWWAUTOLINKS | MD_FLAG_TABLES
                | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTMLBLOCKS | MD_FLAG_NOHTMLSPANS)
        parser.enter_block = { type, detail, context in Reader.of(context)?.enter(block: type, detail) ?? -1 }
        parser.leave_block = { type, _, context in Reader.of(context)?.leave(block: type) ?? -1 }
        parser.enter_span = { type, detail, context in Reader.of(context)?.enter(span: type, detail) ?? -1 }
        parser.leave_span = { _, _, context in Reader.of(context)?.leaveSpan() ?? -1 }
        parser.text = { type, text, size, context in Reader.of(context)?.add(type, text, size) ?? -1 }
        // SAFETY: the reader outlives the call that uses it, and is used on this thread only.
        let context = Unmanaged.passUnretained(reader).toOpaque()
        let status = text.withUnsafeBytes { bytes in
            md_parse(bytes.assumingMemoryBound(to: CChar.self).baseAddress, UInt32(bytes.count), &parser, context)
        }
        if let error = reader.error { throw error }
        // Nothing but a lack of memory ends the parser otherwise (md4c.h, md_parse).
        guard status == 0 else { throw .outOfMemory }
        reader.close()
    }
}

/// What the parser's callbacks have come to. Each answers 0, or what ends the parser.
private final class Reader {
    private let handle: (MarkdownEvent) -> Void
    /// What has begun and has no end yet: whether it is a span.
    private var open: [Bool] = []
    private var events = 0
    private var output = 0
    private(set) var error: MarkdownError?

    init(_ handle: @escaping (MarkdownEvent) -> Void) { self.handle = handle }

    static func of(_ context: UnsafeMutableRawPointer?) -> Reader? {
        context.map { Unmanaged<Reader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func give(_ event: MarkdownEvent, bytes: Int = 0) -> Int32 {
        events += 1
        output += bytes
        guard events <= Markdown.maxEvents, output <= Markdown.maxOutput else { return giveUp(.tooLarge) }
        handle(event)
        return 0
    }

    private func giveUp(_ error: MarkdownError) -> Int32 {
        self.error = error
        return 1
    }

    private func begin(_ element: MarkdownElement, isSpan: Bool, bytes: Int = 0) -> Int32 {
        open.append(isSpan)
        guard open.count <= Markdown.maxDepth else { return giveUp(.tooDeep) }
        return give(.begin(element), bytes: bytes)
    }

    private func end() -> Int32 {
        open.removeLast()
        return give(.end)
    }

    /// md4c 0.4.8 may end spans that it did not begin, and leave some without an end: their marks stood in a link, or crossed.
    func leaveSpan() -> Int32 { open.last == true ? end() : 0 }

    private func endSpans() -> Int32 {
        while open.last == true { if end() != 0 { return 1 } }
        return 0
    }

    /// Ends what is open still.
    func close() { while !open.isEmpty { _ = end() } }

    // MARK: - Blocks

    func enter(block type: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        guard endSpans() == 0 else { return 1 }
        return element(type, detail).map { begin($0, isSpan: false) } ?? 0
    }

    func leave(block type: MD_BLOCKTYPE) -> Int32 {
        guard endSpans() == 0 else { return 1 }
        return open.isEmpty || type == MD_BLOCK_DOC || type == MD_BLOCK_HTML ? 0 : end()
    }

    private func element(_ type: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> MarkdownElement? {
        switch type {
        case MD_BLOCK_QUOTE: .quote
        case MD_BLOCK_UL: .bullets
        case MD_BLOCK_OL: .numbers(from: Int(Self.load(detail, MD_BLOCK_OL_DETAIL.self)?.start ?? 1))
        case MD_BLOCK_LI: .item(isDone: Self.load(detail, MD_BLOCK_LI_DETAIL.self).flatMap(Self.isDone))
        case MD_BLOCK_HR: .rule
        case MD_BLOCK_H: .title(level: min(max(Int(Self.load(detail, MD_BLOCK_H_DETAIL.self)?.level ?? 1), 1), 6))
        case MD_BLOCK_CODE: .code
        case MD_BLOCK_P: .paragraph
        case MD_BLOCK_TABLE: .table
        case MD_BLOCK_THEAD: .head
        case MD_BLOCK_TBODY: .body
        case MD_BLOCK_TR: .row
        case MD_BLOCK_TH: .headingCell(Self.alignment(detail))
        case MD_BLOCK_TD: .cell(Self.alignment(detail))
        // The document itself; raw HTML is text by the flags.
        default: nil
        }
    }

    /// SAFETY: the parser gives a detail of the type that belongs to the block or span (md4c.h), valid during the callback.
    private static func load<Detail>(_ detail: UnsafeMutableRawPointer?, _: Detail.Type) -> Detail? {
        detail?.assumingMemoryBound(to: Detail.self).pointee
    }

    private static func isDone(_ item: MD_BLOCK_LI_DETAIL) -> Bool? {
        item.is_task == 0 ? nil : UInt8(bitPattern: item.task_mark) != UInt8(ascii: " ")
    }

    private static func alignment(_ detail: UnsafeMutableRawPointer?) -> MarkdownAlignment {
        switch load(detail, MD_BLOCK_TD_DETAIL.self)?.align {
        case MD_ALIGN_LEFT: .left
        case MD_ALIGN_CENTER: .centre
        case MD_ALIGN_RIGHT: .right
        default: .none
        }
    }

    // MARK: - Spans and text

    func enter(span type: MD_SPANTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        switch type {
        case MD_SPAN_STRONG: return begin(.strong, isSpan: true)
        case MD_SPAN_DEL: return begin(.deleted, isSpan: true)
        case MD_SPAN_CODE: return begin(.word, isSpan: true)
        case MD_SPAN_A:
            let address = Self.load(detail, MD_SPAN_A_DETAIL.self).map { Self.text($0.href) } ?? ""
            return begin(.link(to: address), isSpan: true, bytes: address.utf8.count)
        case MD_SPAN_IMG:
            let address = Self.load(detail, MD_SPAN_IMG_DETAIL.self).map { Self.text($0.src) } ?? ""
            return begin(.image(at: address), isSpan: true, bytes: address.utf8.count)
        // Others are not switched on.
        default: return begin(.emphasis, isSpan: true)
        }
    }

    func add(_ type: MD_TEXTTYPE, _ text: UnsafePointer<CChar>?, _ size: UInt32) -> Int32 {
        switch type {
        case MD_TEXT_BR: give(.lineBreak)
        case MD_TEXT_SOFTBR: give(.softBreak)
        case MD_TEXT_NULLCHAR: give(.text("\u{FFFD}"), bytes: 3)
        case MD_TEXT_ENTITY: give(.text(Entity.decoded(Self.string(text, Int(size)))), bytes: Int(size))
        default: give(.text(Self.string(text, Int(size))), bytes: Int(size))
        }
    }

    /// SAFETY: the parser says how many bytes there are at the address.
    private static func string(_ text: UnsafePointer<CChar>?, _ size: Int) -> String {
        guard let text, size > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: text, count: size), as: UTF8.self)
    }

    /// An address, of which parts are entities: `substr_offsets` has one number more than `substr_types`, the size.
    private static func text(_ attribute: MD_ATTRIBUTE) -> String {
        guard let text = attribute.text, let types = attribute.substr_types, let offsets = attribute.substr_offsets else {
            return ""
        }
        let size = Int(attribute.size)
        var result = ""
        var part = 0
        while part <= size, Int(offsets[part]) < size {
            let (start, end) = (Int(offsets[part]), min(Int(offsets[part + 1]), size))
            guard end > start else { break }
            let piece = string(text + start, end - start)
            switch types[part] {
            case MD_TEXT_ENTITY: result += Entity.decoded(piece)
            case MD_TEXT_NULLCHAR: result += "\u{FFFD}"
            default: result += piece
            }
            part += 1
        }
        return result
    }
}
