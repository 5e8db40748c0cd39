/// A character in the text files of a distribution that readers do not read alike, or that makes a person read something else
/// than is there.
struct TextHazard: Equatable {
    enum Kind {
        case byteOrderMark, lineBreak, control, direction
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
        if part == .lines, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return TextHazard(kind: .byteOrderMark, line: line) }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == 0x0A {
                line += 1
            } else if byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2,
                let kind = kind(byte, before: bytes[index...].prefix(2), part)
            {
                return TextHazard(kind: kind, line: line)
            }
        }
        return nil
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
        }
    }
}
