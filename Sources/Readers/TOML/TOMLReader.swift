/// Reads a document line by line: headers, keys and their values, comments.
struct TOMLReader {
    static let maxDepth = 64

    let bytes: [UInt8]
    var place = 0
    private let root = TOMLNode(.header)
    /// Counts headers: dotted keys may add to a table only below the header that began it.
    private var section = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(TOMLError) -> TOMLTable {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw error("the text is not UTF-8") }
        var current = root
        while true {
            try skipBlankLines()
            guard let byte = peek() else { return root.table }
            if byte == UInt8(ascii: "[") {
                section += 1
                current = try header()
            } else {
                try keyAndValue(into: current)
            }
            try endLine()
        }
    }

    // MARK: Headers

    /// `[a.b]` or `[[a.b]]`.
    private mutating func header() throws(TOMLError) -> TOMLNode {
        advance()
        let isArray = skip(UInt8(ascii: "["))
        skipSpace()
        var path = try dottedKey()
        skipSpace()
        guard skip(UInt8(ascii: "]")), !isArray || skip(UInt8(ascii: "]")) else {
            throw error("the header does not end in a bracket")
        }
        guard let last = path.popLast() else { throw error("a key is missing") }
        var node = root
        for key in path {
            switch node.entries[key] {
            case nil:
                let next = TOMLNode(.implied)
                node.entries[key] = .table(next)
                node = next
            case .table(let next): node = next
            case .tables(let nodes): node = nodes.last
            case .value: throw error("'\(Self.text(key))' is a value already, and gets no tables")
            }
        }
        return isArray ? try appendTable(last, to: node) : try defineTable(last, in: node)
    }

    private func defineTable(_ key: [UInt8], in node: TOMLNode) throws(TOMLError) -> TOMLNode {
        switch node.entries[key] {
        case nil:
            let table = TOMLNode(.header)
            node.entries[key] = .table(table)
            return table
        case .table(let table) where table.origin == .implied:
            table.origin = .header
            return table
        default: throw error("'\(Self.text(key))' is there twice")
        }
    }

    private func appendTable(_ key: [UInt8], to node: TOMLNode) throws(TOMLError) -> TOMLNode {
        let table = TOMLNode(.header)
        switch node.entries[key] {
        case nil: node.entries[key] = .tables(TOMLNodes(table))
        case .tables(let nodes): nodes.all.append(table)
        default: throw error("'\(Self.text(key))' is there twice")
        }
        return table
    }

    // MARK: Keys

    mutating func keyAndValue(into table: TOMLNode, depth: Int = 0) throws(TOMLError) {
        var path = try dottedKey()
        skipSpace()
        guard skip(UInt8(ascii: "=")) else { throw error("'=' is missing behind the key") }
        skipSpace()
        guard let last = path.popLast() else { throw error("a key is missing") }
        var node = table
        for key in path {
            switch node.entries[key] {
            case nil:
                let next = TOMLNode(.dotted(section))
                node.entries[key] = .table(next)
                node = next
            case .table(let next) where next.origin == .implied || next.origin == .dotted(section):
                next.origin = .dotted(section)
                node = next
            default: throw error("'\(Self.text(key))' is there already, and a dotted key does not add to it")
            }
        }
        guard node.entries[last] == nil else { throw error("'\(Self.text(last))' is there twice") }
        node.entries[last] = .value(try value(depth: depth + path.count))
    }

    private mutating func dottedKey() throws(TOMLError) -> [[UInt8]] {
        var path = [try key()]
        while true {
            let before = place
            skipSpace()
            guard skip(UInt8(ascii: ".")) else {
                place = before
                return path
            }
            skipSpace()
            path.append(try key())
            guard path.count <= Self.maxDepth else { throw error("nested deeper than \(Self.maxDepth)") }
        }
    }

    private mutating func key() throws(TOMLError) -> [UInt8] {
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard !startsTripleQuote else { throw error("a key has no text of several lines") }
            return try quoted()
        default:
            let start = place
            while let byte = peek(), Self.isBare(byte) { advance() }
            guard place > start else { throw error("a key is missing") }
            return Array(bytes[start..<place])
        }
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    // MARK: Bytes

    func peek(_ ahead: Int = 0) -> UInt8? { place + ahead < bytes.count ? bytes[place + ahead] : nil }

    mutating func advance(_ count: Int = 1) { place += count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        advance()
        return true
    }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 { advance() }
    }

    /// Spaces, ends of lines and comments.
    mutating func skipBlankLines() throws(TOMLError) {
        while true {
            skipSpace()
            try skipComment()
            guard try skipLineEnd() else { return }
        }
    }

    /// What may follow on a line behind a header or a value.
    private mutating func endLine() throws(TOMLError) {
        skipSpace()
        try skipComment()
        guard try skipLineEnd() || peek() == nil else { throw error("the line goes on behind its value") }
    }

    private mutating func skipComment() throws(TOMLError) {
        guard skip(UInt8(ascii: "#")) else { return }
        while let byte = peek(), byte != 0x0A, byte != 0x0D {
            guard Self.isText(byte) else { throw error("a control character in a comment") }
            advance()
        }
    }

    mutating func skipLineEnd() throws(TOMLError) -> Bool {
        if skip(0x0A) { return true }
        guard peek() == 0x0D else { return false }
        guard peek(1) == 0x0A else { throw error("a carriage return without a line feed") }
        advance(2)
        return true
    }

    /// Whether a byte may stand in text: no control character but the tab.
    static func isText(_ byte: UInt8) -> Bool { byte == 0x09 || byte >= 0x20 && byte != 0x7F }

    static func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }

    func error(_ reason: String) -> TOMLError {
        TOMLError(reason: reason, line: 1 + bytes[..<min(place, bytes.count)].count { $0 == 0x0A })
    }
}

/// A table while its document is read.
final class TOMLNode {
    enum Origin: Equatable {
        /// It has a header, or is the document.
        case header
        /// A header named a table in it.
        case implied
        /// Dotted keys began it, below the header of this number.
        case dotted(Int)
    }

    enum Entry {
        case value(TOMLValue)
        case table(TOMLNode)
        case tables(TOMLNodes)
    }

    var origin: Origin
    var entries: [[UInt8]: Entry] = [:]

    init(_ origin: Origin) { self.origin = origin }

    var table: TOMLTable {
        TOMLTable(
            entries.mapValues { entry in
                switch entry {
                case .value(let value): value
                case .table(let node): .table(node.table)
                case .tables(let nodes): .array(nodes.all.map { .table($0.table) })
                }
            })
    }
}

/// An array of tables while its document is read: a reference, so that each table more is added to it and not to a copy.
final class TOMLNodes {
    var all: [TOMLNode]
    private let first: TOMLNode
    /// The one that headers below the array's go into.
    var last: TOMLNode { all.last ?? first }

    init(_ first: TOMLNode) {
        all = [first]
        self.first = first
    }
}

extension TOMLNode.Entry? {
    static func == (entry: Self, nothing: _OptionalNilComparisonType) -> Bool { if case .none = entry { true } else { false } }
}
