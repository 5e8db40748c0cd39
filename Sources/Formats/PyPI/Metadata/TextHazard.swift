/// A character in the text files of a distribution that readers do not read alike, or that makes a person read something else
/// than is there.
struct TextHazard: Equatable {
    enum Kind {
        case byteOrderMark, lineBreak, control, direction, openDirection
    }

    let kind: Kind
    /// Counted from 1, by line feeds.
    let line: Int

    /// The part of a text that is read line by line, or one that is shown.
    enum Part {
        /// Lines end with a line feed, alone or behind a carriage return. Python also ends lines at a carriage return alone, and
        /// its `str.splitlines` at seven other characters, with which a value becomes a field of its own.
        case lines
        /// A description: nobody looks for fields in it.
        case prose
    }

    /// The first one in UTF-8 text.
    static func first(in bytes: ArraySlice<UInt8>, as part: Part, fromLine first: Int = 1) -> TextHazard? {
        var line = first
        var directions = DirectionPairs()
        if part == .lines, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return TextHazard(kind: .byteOrderMark, line: line) }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2 else { continue }
            let next = bytes[index...].prefix(2)
            // Embeddings and isolates end with their paragraph (UAX 9, P1): one that is open there is open to a program that makes one
            // paragraph of several lines.
            let isEnd = byte == 0x0A || byte == 0x0D || byte == 0xE2 && next.elementsEqual([0x80, 0xA9])
            if isEnd, !directions.areClosed { return TextHazard(kind: .openDirection, line: line) }
            if byte == 0x0A { line += 1 }
            guard byte != 0x0A, let kind = kind(byte, before: next, part) else { continue }
            guard part == .prose, kind == .direction, let last = next.last else { return TextHazard(kind: kind, line: line) }
            guard directions.take(last) else {
                return TextHazard(kind: DirectionPairs.isOverride(last) ? .direction : .openDirection, line: line)
            }
        }
        return directions.areClosed ? nil : TextHazard(kind: .openDirection, line: line)
    }

    private static func kind(_ byte: UInt8, before next: ArraySlice<UInt8>, _ part: Part) -> Kind? {
        let isLine = part == .lines
        switch (byte, next.first ?? 0, next.dropFirst().first ?? 0) {
        case (0x09, _, _), (0x0D, 0x0A, _): return nil
        // Line tabulation, form feed; file, group and record separator; next line (U+0085); U+2028 and U+2029.
        case (0x0B...0x0D, _, _): return isLine ? .lineBreak : nil
        case (0x1C...0x1E, _, _): return isLine ? .lineBreak : .control
        case (0xC2, 0x85, _): return isLine ? .lineBreak : .control
        case (0xE2, 0x80, 0xA8...0xA9): return isLine ? .lineBreak : nil
        // Terminals obey the controls of U+0080 to U+009F as they do an escape.
        case (0..<0x20, _, _), (0x7F, _, _), (0xC2, 0x80...0x9F, _): return .control
        // U+202A to U+202E and U+2066 to U+2069 change the order in which the text behind them is shown (UAX 9).
        case (0xE2, 0x80, 0xAA...0xAE), (0xE2, 0x81, 0xA6...0xA9): return .direction
        default: return nil
        }
    }

    /// What is wrong, for the publisher: begins with the name of the file.
    func sentence(_ path: String) -> String {
        switch kind {
        case .byteOrderMark:
            "\(path) begins with a byte order mark, which installers take for a part of the first name: leave it out"
        case .lineBreak:
            "\(path) has a line break in line \(line) that is none to every reader: end lines with a line feed, and no other character"
        case .control: "\(path) has a control character in line \(line), which a terminal would obey: leave it out"
        case .direction:
            "\(path) has a character in line \(line) that changes the order in which text is shown (U+202A to U+202E, U+2066 to U+2069): leave it out"
        case .openDirection:
            "\(path) changes the direction of text in line \(line) (U+202A, U+202B, U+2066 to U+2068) and not back again, or back without that (U+202C, U+2069): write both on the same line, or leave them out"
        }
    }
}

/// The embeddings and isolates of one paragraph (UAX 9, BD4 to BD10): pairs that lie within each other change the order of what is
/// between them, and an embedding at most that of digits and punctuation next to it (X10).
private struct DirectionPairs {
    private enum Pair {
        case embedding, isolate
    }

    private var open: [Pair] = []

    var areClosed: Bool { open.isEmpty }

    /// LRO and RLO show letters in another order than they are read in, whatever they are: that is how `exe.fdp` looks like a PDF.
    static func isOverride(_ last: UInt8) -> Bool { last == 0xAD || last == 0xAE }

    /// - Parameter last: the last of the character's three bytes, which tells each from the others.
    /// - Returns: false for an override, and for an end of what has not begun.
    mutating func take(_ last: UInt8) -> Bool {
        switch last {
        // LRE and RLE.
        case 0xAA, 0xAB: open.append(.embedding)
        // LRI, RLI and FSI.
        case 0xA6...0xA8: open.append(.isolate)
        // PDF.
        case 0xAC: return open.popLast() == .embedding
        // PDI.
        case 0xA9: return open.popLast() == .isolate
        default: return false
        }
        return true
    }
}
