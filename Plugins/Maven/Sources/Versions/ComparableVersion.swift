internal import SavePlatform

/// A version as Maven orders it (POM Reference, "Version Order Specification").
struct ComparableVersion {
    /// What orders versions byte by byte; equal versions have equal keys.
    let key: [UInt8]

    /// Bytes of a version.
    private static let maxBytes = 200
    /// Where a version ends: behind qualifiers that come before a release, in front of all else. So is a qualifier that means a release.
    private static let release: UInt8 = 0x20

    private struct Token {
        enum Value: Equatable {
            /// Without zeros in front.
            case number(ArraySlice<UInt8>)
            /// In small letters.
            case qualifier([UInt8])
        }

        var value: Value
        /// `-` in front, which a change between digits and letters is as well.
        var isHyphenated: Bool

        /// What is the same as nothing where a version, or a part of it, ends.
        var isNull: Bool {
            switch value {
            case .number(let digits): digits.isEmpty
            case .qualifier(let text): ComparableVersion.rank(text) == ComparableVersion.release
            }
        }
    }

    /// nil for what is empty, too long, or has other characters than versions have.
    init?(_ text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count), MavenPath.isVersion(text) else { return nil }
        var key: [UInt8] = []
        for token in Self.trimmed(Self.tokens(text.utf8.map(ASCII.lowercased))) { Self.append(token, to: &key) }
        self.key = key + [Self.release]
    }

    /// "The Maven coordinate is split in tokens between dots ('.'), hyphens ('-') and transitions between digits and characters. [...] Empty
    /// tokens are replaced with 0."
    private static func tokens(_ bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var isHyphenated = false
        var start = 0
        func add(_ end: Int, isBeforeDigit: Bool) {
            let text = bytes[start..<end]
            if text.allSatisfy(ASCII.isDigit) {
                tokens.append(Token(value: .number(text.drop { $0 == UInt8(ascii: "0") }), isHyphenated: isHyphenated))
                return
            }
            // A qualifier begins a part of its own, however it is set off: 1.foo is 1-foo.
            tokens.append(Token(value: .qualifier(qualifier(text, isBeforeDigit: isBeforeDigit)), isHyphenated: true))
        }
        for (place, byte) in bytes.enumerated() {
            let isHyphen = byte == UInt8(ascii: "-")
            if isHyphen || byte == UInt8(ascii: ".") {
                add(place, isBeforeDigit: false)
                (isHyphenated, start) = (isHyphen, place + 1)
            } else if place > start, ASCII.isDigit(byte) != ASCII.isDigit(bytes[place - 1]) {
                add(place, isBeforeDigit: ASCII.isDigit(byte))
                (isHyphenated, start) = (true, place)
            }
        }
        add(bytes.count, isBeforeDigit: false)
        return tokens
    }

    /// "The alpha, beta and milestone qualifiers can respectively be shortened to a, b and m when directly followed by a number."
    private static func qualifier(_ text: ArraySlice<UInt8>, isBeforeDigit: Bool) -> [UInt8] {
        guard isBeforeDigit, text.count == 1 else { return Array(text) }
        return switch text.first {
        case UInt8(ascii: "a"): Array("alpha".utf8)
        case UInt8(ascii: "b"): Array("beta".utf8)
        case UInt8(ascii: "m"): Array("milestone".utf8)
        default: Array(text)
        }
    }

    /// "Starting from the end of the version, the trailing null values (0, "", final, ga) are trimmed. This process is repeated at each
    /// remaining hyphen from end to start."
    private static func trimmed(_ tokens: [Token]) -> [Token] {
        var kept: [Token] = []
        for token in tokens {
            if token.isHyphenated { while kept.last?.isNull == true { kept.removeLast() } }
            kept.append(token)
        }
        while kept.last?.isNull == true { kept.removeLast() }
        return kept
    }

    private static func append(_ token: Token, to key: inout [UInt8]) {
        switch token.value {
        case .number(let digits):
            // "qualifier" < "-number" < ".number"
            key.append(token.isHyphenated ? 0x40 : 0x50)
            key.append(UInt8(clamping: digits.count))
            key.append(contentsOf: digits)
        case .qualifier(let text):
            key.append(rank(text))
            guard rank(text) == other else { return }
            key.append(contentsOf: text)
            key.append(0)
        }
    }

    /// A qualifier without a rank of its own; they have the order of the alphabet.
    private static let other: UInt8 = 0x31

    /// "alpha" < "beta" < "milestone" < "rc" = "cr" < "snapshot" < "" = "final" = "ga" = "release" < "sp", and then all others.
    private static func rank(_ qualifier: [UInt8]) -> UInt8 {
        switch String(decoding: qualifier, as: UTF8.self) {
        case "alpha": 0x10
        case "beta": 0x11
        case "milestone": 0x12
        case "rc", "cr": 0x13
        case "snapshot": 0x14
        case "", "final", "ga", "release": release
        case "sp": 0x30
        default: other
        }
    }
}
