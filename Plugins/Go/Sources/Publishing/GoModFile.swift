internal import SavePlatform

/// What Save reads of a go.mod file: the path in its `module` directive, and for people what it needs (Go Modules Reference, "go.mod files").
enum GoModFile {
    /// The go.mod file of a module that has none, as the go command makes it.
    static func synthesized(_ module: ModulePath) -> [UInt8] { Array("module \(module.text)\n".utf8) }

    /// The path of the module; nil for a file without one, or with more than one.
    static func modulePath(_ bytes: [UInt8]) -> String? {
        var found: [String] = []
        var isInBlock = false
        for line in bytes.split(separator: 0x0A) {
            var words = Self.words(line)
            guard let first = words.first else { continue }
            if isInBlock {
                guard first != ")" else {
                    isInBlock = false
                    continue
                }
            } else {
                guard first == "module" else { continue }
                words.removeFirst()
                if words == ["("] {
                    isInBlock = true
                    continue
                }
            }
            guard words.count == 1 else { return nil }
            found.append(words[0])
        }
        return found.count == 1 ? found[0] : nil
    }

    /// The version in the `go` directive.
    static func goVersion(_ bytes: [UInt8]) -> String? {
        for line in bytes.split(separator: 0x0A) {
            let words = words(line)
            if words.count == 2, words[0] == "go" { return words[1] }
        }
        return nil
    }

    /// The modules in `require` directives; those that only other modules need are marked by a comment.
    static func requirements(_ bytes: [UInt8]) -> [(path: String, version: String, isIndirect: Bool)] {
        var found: [(path: String, version: String, isIndirect: Bool)] = []
        var isInBlock = false
        for line in bytes.split(separator: 0x0A) {
            var words = Self.words(line)
            if isInBlock, words.first == ")" {
                isInBlock = false
                continue
            }
            if !isInBlock {
                guard words.first == "require" else { continue }
                words.removeFirst()
                if words == ["("] {
                    isInBlock = true
                    continue
                }
            }
            guard words.count == 2 else { continue }
            found.append((words[0], words[1], line.firstRange(of: "// indirect".utf8) != nil))
        }
        return found
    }

    /// The words of a line without its comment, those in quotes without them.
    private static func words(_ line: ArraySlice<UInt8>) -> [String] {
        var words: [String] = []
        var rest = line
        while let byte = rest.first {
            if byte == 0x20 || byte == 0x09 || byte == 0x0D {
                rest = rest.dropFirst()
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "`") {
                let inner = rest.dropFirst().prefix { $0 != byte }
                words.append(String(decoding: inner, as: UTF8.self))
                rest = rest[inner.endIndex...].dropFirst()
            } else if rest.starts(with: "//".utf8) {
                break
            } else if byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") {
                words.append(byte == UInt8(ascii: "(") ? "(" : ")")
                rest = rest.dropFirst()
            } else {
                let word = Self.plain(rest)
                words.append(String(decoding: word, as: UTF8.self))
                rest = rest[word.endIndex...]
            }
        }
        return words
    }

    /// What ends before a space, a parenthesis or a comment.
    private static func plain(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = rest.startIndex
        while end < rest.endIndex, !" \t\r()".utf8.contains(rest[end]), !rest[end...].starts(with: "//".utf8) { end += 1 }
        return rest[..<max(end, rest.startIndex + 1)]
    }
}
