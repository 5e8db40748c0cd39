internal import SavePlatform

/// A wheel's `entry_points.txt`: sections with lines `name = module:object` (entry points specification).
///
/// Installers write a program for each line of two of them, under its name in the directory of programs.
enum EntryPointsFile {
    /// Bytes.
    static let maxBytes = 4 << 20
    private static let scripts = ["console_scripts", "gui_scripts"]

    /// - Parameter path: where the file is in its archive, for messages.
    /// - Throws: `invalidRequest` naming `content`.
    static func check(_ bytes: [UInt8], path: String) throws {
        if let hazard = TextHazard.first(in: bytes[...], as: .lines) {
            throw SaveError.invalid("content", "content: \(hazard.sentence(path))")
        }
        var section = ""
        var seen: Set<[UInt8]> = []
        for line in bytes.split(separator: 0x0A).map(trimmed) where !line.isEmpty {
            if line.first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                section = UploadForm.trimmed(String(decoding: line.dropFirst().dropLast(), as: UTF8.self))
            } else if scripts.contains(section), line.first != UInt8(ascii: "#"), line.first != UInt8(ascii: ";") {
                let name = trimmed(line.prefix { $0 != UInt8(ascii: "=") })
                try check(
                    name, trimmed(line.dropFirst(name.endIndex - line.startIndex).drop { $0 != UInt8(ascii: "=") }.dropFirst()),
                    section, path)
                guard seen.insert(Array(section.utf8) + [0] + name).inserted else {
                    throw refusal(path, name, section, "is there twice, and installers differ in which one they take")
                }
            }
        }
    }

    private static func check(
        _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, _ section: String, _ path: String
    ) throws {
        // Installers join the name to their directory of programs, and refuse what leads out of it.
        guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8),
            name.allSatisfy({ !"/\\:".utf8.contains($0) })
        else {
            throw refusal(path, name, section, "is no name of a file: use letters, digits, '-', '_' and '.'")
        }
        let parts = value.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !trimmed($0).isEmpty }) else {
            throw refusal(path, name, section, "says no function to call: write 'name = module:function'")
        }
    }

    private static func refusal(_ path: String, _ name: ArraySlice<UInt8>, _ section: String, _ rule: String) -> SaveError {
        let shown = String(decoding: name.prefix(200), as: UTF8.self)
        return SaveError.invalid("content", "content: \(path) has '\(shown)' in \(section), which \(rule)")
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 || first == 0x0D { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 || last == 0x0D { text.removeLast() }
        return text
    }
}
