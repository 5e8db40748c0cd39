internal import SavePlatform

/// pip's requirements files (https://pip.pypa.io/en/stable/reference/requirements-file-format/), as `pip-compile`, `uv export` and
/// `poetry export` write them: one requirement on each logical line, with hashes.
extension LockFile {
    mutating func readRequirements(_ bytes: [UInt8]) throws {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw SaveError(.invalidRequest, "the text is not UTF-8") }
        for line in Self.logicalLines(bytes) { addRequirement(line) }
    }

    /// Lines without comments, those that end in a backslash joined with the next one.
    private static func logicalLines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var joined: [UInt8] = []
        for physical in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = withoutComment(physical)
            if line.last == UInt8(ascii: "\\") {
                joined += line.dropLast() + [0x20]
                continue
            }
            joined += line
            lines.append(trimmed(joined[...]))
            joined = []
        }
        lines.append(trimmed(joined[...]))
        return lines.filter { !$0.isEmpty }
    }

    /// A comment begins at the line's beginning or behind a space.
    private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for index in line.indices where line[index] == UInt8(ascii: "#") {
            if index == line.startIndex || isSpace(line[index - 1]) { return line[..<index] }
        }
        return line
    }

    private mutating func addRequirement(_ line: ArraySlice<UInt8>) {
        guard line.first != UInt8(ascii: "-") else { return addOption(line) }
        // Markers and per-requirement options, such as hashes, come behind the version.
        var requirement = line.prefix { $0 != UInt8(ascii: ";") }
        if let option = Self.range(of: " --", in: requirement) { requirement = requirement[..<option] }
        let nameBytes = requirement.prefix { ASCII.isAlphanumeric($0) || [0x2E, 0x2D, 0x5F].contains($0) }
        let name = String(decoding: nameBytes, as: UTF8.self)
        var rest = Self.trimmed(requirement.dropFirst(nameBytes.count))
        if rest.first == UInt8(ascii: "[") {
            rest = Self.trimmed(rest.drop { $0 != UInt8(ascii: "]") }.dropFirst())
        }
        guard !name.isEmpty, rest.first != UInt8(ascii: ":"), rest.first != UInt8(ascii: "/") else {
            return skip(String(decoding: line, as: UTF8.self), "is not a requirement of an index")
        }
        guard rest.first != UInt8(ascii: "@") else { return skip(name, "comes from a URL, not from an index") }
        guard let version = Self.pinned(rest) else { return skip(name, "is not pinned to one version (==)") }
        add(.python(name, version))
    }

    private mutating func addOption(_ line: ArraySlice<UInt8>) {
        let text = String(decoding: line, as: UTF8.self)
        if ["-r", "--requirement", "-c", "--constraint"].contains(where: { text.utf8.starts(with: $0.utf8) }) {
            skip(text, "names another file: evaluate that as well")
        } else if text.utf8.starts(with: "-e".utf8) || text.utf8.starts(with: "--editable".utf8) {
            skip(text, "comes from a folder, not from an index")
        }
    }

    /// The version of `==1.0` or `===1.0`; nil where there is more, less, or a wildcard.
    private static func pinned(_ specifier: ArraySlice<UInt8>) -> String? {
        var rest = trimmed(specifier)
        if rest.first == UInt8(ascii: "("), rest.last == UInt8(ascii: ")") { rest = trimmed(rest.dropFirst().dropLast()) }
        let signs = rest.prefix { $0 == UInt8(ascii: "=") }
        let version = trimmed(rest.dropFirst(signs.count))
        guard (2...3).contains(signs.count), !version.isEmpty else { return nil }
        guard !version.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "*"), 0x20, 0x09].contains($0) }) else { return nil }
        return String(decoding: version, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }

    private static func range(of text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        return bytes.indices.first { bytes[$0...].starts(with: wanted) }
    }
}
