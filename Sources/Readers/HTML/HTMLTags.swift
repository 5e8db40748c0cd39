internal import CXML

/// A start tag with its attributes, and the text up to its end or the next tag of interest.
public struct HTMLTag: Sendable {
    /// In small letters.
    public let name: String
    /// Those that were asked for, in the order of the page.
    public let attributes: [(name: String, value: String)]
    /// At most ``HTMLTags/maxTextBytes`` bytes.
    public fileprivate(set) var text: String

    /// The value of the first attribute of a name; empty where the attribute has none.
    public subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }
}

/// Why a page could not be read.
public enum HTMLError: Error, Sendable, Equatable {
    case tooManyTags, outOfMemory
}

/// Reads tags out of HTML as it is found in the world, over libxml2's tolerant parser.
///
/// No document is built, nothing is loaded: entities beyond HTML's own and DTDs are not looked at.
public enum HTMLTags {
    /// Longer text of a tag is cut here, in bytes.
    public static let maxTextBytes = 4096

    /// The start tags of the given names, in order.
    ///
    /// - Parameters:
    ///   - bytes: the page; bytes that are not UTF-8 are repaired.
    ///   - names: names in small letters.
    ///   - attributes: the names of the attributes that are kept, in small letters.
    ///   - limit: the most tags that are returned.
    /// - Throws: ``HTMLError/tooManyTags`` past the limit.
    public static func read(
        _ bytes: [UInt8], named names: [String], attributes: [String], limit: Int
    ) throws(HTMLError) -> [HTMLTag] {
        let collector = Collector(names: names, attributes: attributes, limit: limit)
        var handler = htmlSAXHandler()
        handler.startElement = { context, name, attributes in
            guard let context, let name else { return }
            Collector.of(context).start(name, attributes)
        }
        handler.endElement = { context, name in
            guard let context, let name else { return }
            Collector.of(context).end(name)
        }
        handler.characters = { context, text, count in
            guard let context, let text else { return }
            Collector.of(context).add(UnsafeBufferPointer(start: text, count: Int(max(0, count))))
        }
        // SAFETY: the collector outlives the parser, which is freed before this function returns, and is called on this
        // thread only.
        let context = Unmanaged.passUnretained(collector).toOpaque()
        guard let parser = htmlCreatePushParserCtxt(&handler, context, nil, 0, nil, XML_CHAR_ENCODING_UTF8) else {
            throw .outOfMemory
        }
        defer { htmlFreeParserCtxt(parser) }
        let options = HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
        htmlCtxtUseOptions(parser, Int32(options | HTML_PARSE_NONET.rawValue))
        // In pieces: the parser's own buffers stay small, and a page with too many tags is given up early.
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count, !collector.isFull {
                let count = min(65_536, buffer.count - offset)
                let piece = UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
                htmlParseChunk(parser, piece.assumingMemoryBound(to: CChar.self).baseAddress, Int32(count), 0)
                offset += count
            }
            htmlParseChunk(parser, nil, 0, 1)
        }
        guard !collector.isFull else { throw .tooManyTags }
        return collector.tags
    }
}

/// What the parser's callbacks have seen.
private final class Collector {
    private let names: [Word]
    private let attributes: [Word]
    private let limit: Int
    private(set) var tags: [HTMLTag] = []
    private(set) var isFull = false
    private var openName: Word?
    private var text: [UInt8] = []

    init(names: [String], attributes: [String], limit: Int) {
        self.names = names.map(Word.init)
        self.attributes = attributes.map(Word.init)
        self.limit = limit
    }

    static func of(_ context: UnsafeMutableRawPointer) -> Collector {
        Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
    }

    func start(_ name: UnsafePointer<UInt8>, _ attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?) {
        guard !isFull, let known = names.first(where: { $0.matches(name) }) else { return }
        close()
        guard tags.count < limit else {
            isFull = true
            return
        }
        var pairs: [(name: String, value: String)] = []
        var index = 0
        while let attributes, let key = attributes[index] {
            if let wanted = self.attributes.first(where: { $0.matches(key) }) {
                pairs.append((wanted.text, attributes[index + 1].map { String(cString: $0) } ?? ""))
            }
            index += 2
        }
        tags.append(HTMLTag(name: known.text, attributes: pairs, text: ""))
        openName = known
    }

    func end(_ name: UnsafePointer<UInt8>) {
        guard let openName, openName.matches(name) else { return }
        close()
    }

    func add(_ characters: UnsafeBufferPointer<UInt8>) {
        guard openName != nil, text.count < HTMLTags.maxTextBytes else { return }
        text.append(contentsOf: characters.prefix(HTMLTags.maxTextBytes - text.count))
    }

    private func close() {
        guard openName != nil else { return }
        if !text.isEmpty, let last = tags.indices.last { tags[last].text = String(decoding: text, as: UTF8.self) }
        text.removeAll(keepingCapacity: true)
        openName = nil
    }
}

/// A name that is looked for: compared in place, because a page repeats few names very often.
private struct Word {
    let text: String
    /// With the zero at the end of the parser's own names.
    private let bytes: [UInt8]

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8) + [0]
    }

    func matches(_ name: UnsafePointer<UInt8>) -> Bool {
        var index = 0
        for byte in bytes {
            // The first difference ends the comparison, at the latest the end of the shorter one.
            if name[index] != byte { return false }
            index += 1
        }
        return true
    }
}
