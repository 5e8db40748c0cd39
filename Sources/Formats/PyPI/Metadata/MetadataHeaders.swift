internal import SavePlatform

/// The fields of a `METADATA` or `PKG-INFO` file in their order: the headers of a mail with a text behind them (core metadata
/// specification).
struct MetadataHeaders {
    /// Names in small letters, values without white space around them; lines that go on are joined with a line end.
    private(set) var fields: [(name: String, value: String)] = []
    /// What follows the first empty line: the description, since version 2.1.
    let body: ArraySlice<UInt8>

    /// Reads whatever it is given: bytes that are no text are replaced, lines that are no fields left out.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty { break }
            // A line that starts with white space goes on with the one before.
            if line.first == 0x20 || line.first == 0x09 {
                guard let last = fields.indices.last else { continue }
                fields[last].value += "\n" + Self.unindented(String(decoding: line, as: UTF8.self))
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                let name = ASCII.lowercased(String(decoding: line[..<colon], as: UTF8.self))
                let value = UploadForm.trimmed(String(decoding: line[(colon + 1)...], as: UTF8.self))
                fields.append((name, value))
            }
        }
        body = rest
    }

    /// The values of a field that are there: neither empty nor `UNKNOWN`.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name == name && !UploadForm.isAbsent($0.value) }.map(\.value)
    }

    /// How often a field is there, with whatever value.
    func count(_ name: String) -> Int { fields.count { $0.name == name } }

    /// A value of several lines on one, as fields other than the description mean it.
    static func unfolded(_ value: String) -> String {
        String(decoding: value.utf8.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self)
    }

    /// Descriptions in a header were indented with eight spaces, or with seven and a bar.
    private static func unindented(_ line: String) -> String {
        let bytes = line.utf8
        for mark in ["       |", "        "] where bytes.starts(with: mark.utf8) {
            return String(Substring(bytes.dropFirst(mark.utf8.count)))
        }
        return String(Substring(bytes.drop { $0 == 0x20 || $0 == 0x09 }))
    }
}
