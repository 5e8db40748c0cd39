/// Reads a JSON text (RFC 8259) from front to back without building a tree: a document of megabytes costs its own size and
/// no more, and of one in a file only a window is in memory.
///
/// Refused: nesting deeper than 64, bytes that are not UTF-8, lone surrogates, and numbers that no `Int64` or finite
/// `Double` holds. What is skipped is checked as well, but for the range of its numbers. After an error a reader is of no
/// further use.
public struct JSONReader {
    /// What a value is.
    public enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    /// The document, or the window of it.
    private var bytes: [UInt8]
    private var position = 0
    /// Where the text or number begins that is being read: what the window must not leave behind.
    private var mark: Int?
    /// Where the window comes from; nil where it is everything.
    private let file: FileBytes?
    /// Bytes of the file before and up to the end of the window.
    private var windowEnd: Int64
    /// How many objects and arrays are open.
    private var depth = 0
    private static let deepest = 64
    /// Bytes that are read at once.
    private static let window = 1 << 18

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        file = nil
        windowEnd = Int64(bytes.count)
    }

    /// Reads a file from a place on. Blocks.
    public init(_ file: FileBytes, from start: Int64 = 0) {
        bytes = []
        self.file = file
        windowEnd = start
    }

    /// An error at the place that was reached.
    public func error(_ reason: String) -> JSONError {
        JSONError(reason: reason, offset: Int(clamping: windowEnd) - bytes.count + position)
    }

    /// What the next value is, told by its first byte.
    public mutating func kind() throws(JSONError) -> Kind {
        guard depth <= Self.deepest else { throw error("nested too deeply") }
        skipSpace()
        return switch current {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        case nil: throw error("unexpected end")
        default: .number
        }
    }

    /// Reads the next value, which is an object. `member` is called for each key and reads or skips the value.
    ///
    /// The same key may come twice: only who keeps the keys can tell.
    public mutating func object(_ member: (String, inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        guard try kind() == .object else { throw error("expected an object") }
        guard open(closing: UInt8(ascii: "}")) else { return }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("expected a key") }
            let key = try text()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw error("expected ':'") }
            position += 1
            try member(key, &self)
        } while try more(closing: UInt8(ascii: "}"), "expected ',' or '}'")
    }

    /// Reads the next value, which is an array. `element` is called for each value and reads or skips it.
    public mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        guard try kind() == .array else { throw error("expected an array") }
        guard open(closing: UInt8(ascii: "]")) else { return }
        repeat { try element(&self) } while try more(closing: UInt8(ascii: "]"), "expected ',' or ']'")
    }

    /// Reads the next value; nil for what is not a string.
    public mutating func string() throws(JSONError) -> String? {
        if try kind() == .string { return try text() }
        try skip()
        return nil
    }

    /// Reads the next value, which is true, false or null; nil for null.
    public mutating func boolOrNull() throws(JSONError) -> Bool? {
        _ = try kind()
        switch current {
        case UInt8(ascii: "t"):
            try word("true")
            return true
        case UInt8(ascii: "f"):
            try word("false")
            return false
        default:
            try word("null")
            return nil
        }
    }

    /// Reads the next value, which is a number, as its text: `-12.5e3`. `isWhole` is false for a fraction or an exponent.
    public mutating func number() throws(JSONError) -> (text: String, isWhole: Bool) {
        _ = try kind()
        mark = position
        defer { mark = nil }
        let isWhole = try scanNumber()
        return (String(decoding: bytes[(mark ?? position)..<position], as: UTF8.self), isWhole)
    }

    /// Reads the next value and forgets it.
    public mutating func skip() throws(JSONError) {
        switch try kind() {
        case .object: try object { _, reader throws(JSONError) in try reader.skip() }
        case .array: try array { reader throws(JSONError) in try reader.skip() }
        case .string: _ = try text()
        case .number: _ = try scanNumber()
        case .bool, .null: _ = try boolOrNull()
        }
    }

    /// Makes sure that nothing follows.
    public mutating func end() throws(JSONError) {
        skipSpace()
        guard current == nil else { throw error("text after the value") }
    }

    // MARK: Structure

    /// The next byte; nil at the end.
    private var current: UInt8? {
        @inline(__always) mutating get { position < bytes.count || moveOn() ? bytes[position] : nil }
    }

    /// Moves the window on; false at the end of the document.
    @inline(never)
    private mutating func moveOn() -> Bool {
        // What cannot be read ends the document, which is then not whole, and nothing that is not whole is believed.
        guard let file, let next = try? file.read(at: windowEnd, count: Self.window), !next.isEmpty else { return false }
        let kept = mark ?? position
        bytes.removeSubrange(..<kept)
        position -= kept
        if mark != nil { mark = 0 }
        bytes.append(contentsOf: next)
        windowEnd += Int64(next.count)
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Steps into an object or array; false when it is empty and was left again.
    private mutating func open(closing: UInt8) -> Bool {
        position += 1
        skipSpace()
        if current == closing {
            position += 1
            return false
        }
        depth += 1
        return true
    }

    /// Steps over a comma, or out of the object or array; says whether there is more in it.
    private mutating func more(closing: UInt8, _ expected: String) throws(JSONError) -> Bool {
        skipSpace()
        guard let byte = current, byte == UInt8(ascii: ",") || byte == closing else { throw error(expected) }
        position += 1
        if byte == closing { depth -= 1 }
        return byte != closing
    }

    private mutating func word(_ text: StaticString) throws(JSONError) {
        for place in 0..<text.utf8CodeUnitCount {
            guard let byte = current else { throw error("unexpected end") }
            guard text.withUTF8Buffer({ $0[place] }) == byte else { throw error("unexpected character") }
            position += 1
        }
    }

    // MARK: Strings

    private mutating func text() throws(JSONError) -> String {
        position += 1
        mark = position
        defer { mark = nil }
        var isASCII = true
        repeat { isASCII = skipPlain() && isASCII } while position == bytes.count && moveOn()
        if current == UInt8(ascii: "\"") {
            defer { position += 1 }
            let place = (mark ?? position)..<position
            // Nearly all of it is ASCII, which needs no second look.
            guard isASCII else { return try decode(bytes[place]) }
            return bytes.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[place]), as: UTF8.self) }
        }
        var text = Array(bytes[(mark ?? position)..<position])
        mark = nil
        while true {
            guard let byte = current else { throw error("unterminated string") }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try decode(text[...])
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error("control character in a string")
            default: text.append(byte)
            }
        }
    }

    /// Steps over the bytes of the window that stand for themselves in a string; says whether they were all ASCII.
    private mutating func skipPlain() -> Bool {
        let start = position
        let (end, union) = bytes.withUnsafeBufferPointer { bytes in
            var end = start
            var union: UInt8 = 0
            while end < bytes.count {
                let byte = bytes[end]
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
                union |= byte
                end += 1
            }
            return (end, union)
        }
        position = end
        return union < 0x80
    }

    private func decode(_ slice: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw error("not UTF-8") }
        return text
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw error("unterminated string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(into: &text)
        default: throw error("unknown escape")
        }
    }

    private mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONError) {
        var code = try fourDigits()
        if (0xD800...0xDBFF).contains(code) {
            guard current == UInt8(ascii: "\\") else { throw error("lone surrogate") }
            position += 1
            guard current == UInt8(ascii: "u") else { throw error("lone surrogate") }
            position += 1
            let low = try fourDigits()
            guard (0xDC00...0xDFFF).contains(low) else { throw error("lone surrogate") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("lone surrogate") }
        text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = hexDigit(byte) else { throw error("bad \\u escape") }
            code = code << 4 | digit
            position += 1
        }
        return code
    }

    private func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 48...57: UInt32(byte - 48)
        case 65...70: UInt32(byte - 55)
        case 97...102: UInt32(byte - 87)
        default: nil
        }
    }

    // MARK: Numbers

    /// Steps over a number and says whether it is a whole one.
    private mutating func scanNumber() throws(JSONError) -> Bool {
        if current == UInt8(ascii: "-") { position += 1 }
        let first = current
        let digits = skipDigits()
        guard digits > 0 else { throw error("unexpected character") }
        if first == UInt8(ascii: "0"), digits > 1 { throw error("leading zero") }
        var isWhole = true
        if current == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            guard skipDigits() > 0 else { throw error("bad number") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard skipDigits() > 0 else { throw error("bad number") }
        }
        return isWhole
    }

    /// Returns how many there were.
    private mutating func skipDigits() -> Int {
        var count = 0
        while let byte = current, byte >= 48, byte <= 57 {
            position += 1
            count += 1
        }
        return count
    }
}
