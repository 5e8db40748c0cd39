/// Values: strings, arrays, inline tables, and what `TOMLScalar` reads.
extension TOMLReader {
    mutating func value(depth: Int) throws(TOMLError) -> TOMLValue {
        guard depth < Self.maxDepth else { throw error("nested deeper than \(Self.maxDepth)") }
        switch peek() {
        case nil, 0x0A, 0x0D, UInt8(ascii: "#"): throw error("a value is missing")
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let text = startsTripleQuote ? try severalLines() : try quoted()
            return .string(String(decoding: text, as: UTF8.self))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "{"): return .table(try inlineTable(depth: depth + 1))
        default: return try scalar()
        }
    }

    private mutating func array(depth: Int) throws(TOMLError) -> [TOMLValue] {
        advance()
        var values: [TOMLValue] = []
        while true {
            try skipBlankLines()
            if skip(UInt8(ascii: "]")) { return values }
            values.append(try value(depth: depth))
            try skipBlankLines()
            if skip(UInt8(ascii: ",")) { continue }
            guard skip(UInt8(ascii: "]")) else { throw error("',' or ']' is missing in an array") }
            return values
        }
    }

    private mutating func inlineTable(depth: Int) throws(TOMLError) -> TOMLTable {
        advance()
        let node = TOMLNode(.header)
        skipSpace()
        if skip(UInt8(ascii: "}")) { return node.table }
        while true {
            skipSpace()
            try keyAndValue(into: node, depth: depth)
            skipSpace()
            if skip(UInt8(ascii: ",")) { continue }
            guard skip(UInt8(ascii: "}")) else { throw error("',' or '}' is missing in an inline table") }
            return node.table
        }
    }

    private mutating func scalar() throws(TOMLError) -> TOMLValue {
        let start = place
        while let byte = peek(), TOMLScalar.isPart(byte) { advance() }
        // A space may stand between a date and a time, where RFC 3339 has a T.
        if TOMLScalar.isDate(bytes[start..<place]), peek() == 0x20, let next = peek(1), TOMLScalar.isDigit(next) {
            advance()
            while let byte = peek(), TOMLScalar.isPart(byte) { advance() }
        }
        guard place > start, let value = TOMLScalar.value(bytes[start..<place]) else {
            place = start
            throw error("this is no value")
        }
        return value
    }

    // MARK: Strings

    var startsTripleQuote: Bool {
        let quote = peek()
        return peek(1) == quote && peek(2) == quote
    }

    /// A string on one line.
    mutating func quoted() throws(TOMLError) -> [UInt8] {
        let quote = peek()
        let isBasic = quote == UInt8(ascii: "\"")
        advance()
        var text: [UInt8] = []
        while let byte = peek() {
            if byte == quote {
                advance()
                return text
            }
            if isBasic, byte == UInt8(ascii: "\\") {
                text += try escape()
                continue
            }
            guard Self.isText(byte) else { break }
            text.append(byte)
            advance()
        }
        throw error(
            peek() == nil || peek() == 0x0A || peek() == 0x0D ? "a string does not end" : "a control character in a string")
    }

    /// A string between three quotes.
    private mutating func severalLines() throws(TOMLError) -> [UInt8] {
        let quote = peek()
        let isBasic = quote == UInt8(ascii: "\"")
        advance(3)
        _ = try skipLineEnd()
        var text: [UInt8] = []
        while let byte = peek() {
            if byte == quote, startsTripleQuote {
                // One or two quotes more belong to the text.
                var count = 3
                while count < 5, peek(count) == quote { count += 1 }
                text += Array(repeating: byte, count: count - 3)
                advance(count)
                return text
            }
            if isBasic, byte == UInt8(ascii: "\\") {
                if try skipFoldedLine() { continue }
                text += try escape()
            } else if try skipLineEnd() {
                text.append(0x0A)
            } else {
                guard Self.isText(byte) else { throw error("a control character in a string") }
                text.append(byte)
                advance()
            }
        }
        throw error("a string does not end")
    }

    /// A backslash at the end of a line takes that, and all space before the next text, out of the string.
    private mutating func skipFoldedLine() throws(TOMLError) -> Bool {
        let before = place
        advance()
        skipSpace()
        guard try skipLineEnd() else {
            place = before
            return false
        }
        repeat { skipSpace() } while try skipLineEnd()
        return true
    }

    private mutating func escape() throws(TOMLError) -> [UInt8] {
        let letter = peek(1)
        switch letter {
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: break
        }
        let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "b"): 0x08, UInt8(ascii: "t"): 0x09, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "f"): 0x0C,
            UInt8(ascii: "r"): 0x0D, UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        ]
        guard let letter, let byte = escapes[letter] else { throw error("an escape that TOML does not have") }
        advance(2)
        return [byte]
    }

    private mutating func scalar(digits: Int) throws(TOMLError) -> [UInt8] {
        let start = place + 2
        guard start + digits <= bytes.count, bytes[start..<start + digits].allSatisfy(TOMLScalar.isHexDigit),
            let code = UInt32(String(decoding: bytes[start..<start + digits], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw error("an escape that names no character") }
        advance(2 + digits)
        return Array(String(Character(scalar)).utf8)
    }
}
