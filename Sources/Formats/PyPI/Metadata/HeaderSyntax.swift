internal import SavePlatform

/// What `METADATA`, `PKG-INFO` and `WHEEL` must keep so that every reader finds the same fields in them.
///
/// They are headers of a mail (core metadata specification), and readers differ in what they do with what is none: Python takes
/// the first line that is no field for the end of all fields, others leave it out.
enum HeaderSyntax {
    /// - Parameter path: where the file is in its archive, for messages.
    /// - Throws: `invalidRequest` naming `content`.
    static func check(_ bytes: [UInt8], path: String) throws {
        var rest = bytes[...]
        var number = 1
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            let line = rest[..<end]
            if line.isEmpty || line.elementsEqual([0x0D]) { break }
            if let hazard = hazard(in: rest[..<min(end + 1, rest.endIndex)], number) {
                throw refusal(hazard.sentence(path))
            }
            let goesOn = line.first == 0x20 || line.first == 0x09
            guard goesOn ? number > 1 : isField(line) else {
                throw refusal(
                    "\(path) has a line \(number) that is neither 'Field: value' nor begins with a space to go on with the field before it"
                )
            }
            rest = rest[min(end + 1, rest.endIndex)...]
            number += 1
        }
        if let hazard = TextHazard.first(in: rest, as: .prose, fromLine: number) { throw refusal(hazard.sentence(path)) }
    }

    /// Licences that stand in a field have form feeds between their pages. One is a line break to some readers only, which does no
    /// harm where what is behind it goes on with the same field for them.
    private static func hazard(in line: ArraySlice<UInt8>, _ number: Int) -> TextHazard? {
        let pages = line.split(omittingEmptySubsequences: false) { $0 == 0x0B || $0 == 0x0C }
        guard pages.count > 1, pages.dropFirst().allSatisfy({ [nil, 0x09, 0x0A, 0x0D, 0x20].contains($0.first) }) else {
            return TextHazard.first(in: line, as: .lines, fromLine: number)
        }
        for page in pages {
            if let hazard = TextHazard.first(in: page, as: .lines, fromLine: number) { return hazard }
        }
        return nil
    }

    /// RFC 5322, 2.2: a name of printable characters, directly followed by a colon.
    private static func isField(_ line: ArraySlice<UInt8>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return false }
        return line[..<colon].allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func refusal(_ sentence: String) -> SaveError { SaveError.invalid("content", "content: \(sentence)") }
}
