internal import SavePlatform

/// A version as Semantic Versioning 2.0.0 has it: `1.2.3-beta.1+build`.
struct SemanticVersion: Sendable, Hashable, CustomStringConvertible {
    private enum Identifier: Sendable, Hashable {
        case number(UInt64)
        case word(String)
    }

    let major: UInt64
    let minor: UInt64
    let patch: UInt64
    /// As it was written.
    let description: String
    private let prerelease: [Identifier]

    var isPrerelease: Bool { !prerelease.isEmpty }

    /// npm takes no longer ones.
    private static let maxBytes = 256

    /// Reads a version exactly as the specification has it; nil for anything else, such as `1.2` or `v1.2.3`.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes else { return nil }
        let build = text.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 1, omittingEmptySubsequences: false)
        if build.count == 2 {
            guard Self.identifiers(build[1])?.allSatisfy(Self.isIdentifier) == true else { return nil }
        }
        let core = build[0].split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = core[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Self.number)
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else { return nil }
        var prerelease: [Identifier] = []
        if core.count == 2 {
            guard let identifiers = Self.identifiers(core[1]) else { return nil }
            for identifier in identifiers {
                guard Self.isIdentifier(identifier) else { return nil }
                if identifier.allSatisfy(ASCII.isDigit) {
                    // 9: "Numeric identifiers MUST NOT include leading zeroes."
                    guard let number = Self.number(identifier) else { return nil }
                    prerelease.append(.number(number))
                } else {
                    prerelease.append(.word(String(Substring(identifier))))
                }
            }
        }
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        description = text
    }

    private static func identifiers(_ text: Substring.UTF8View) -> [Substring.UTF8View]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.contains(where: \.isEmpty) ? nil : parts
    }

    private static func isIdentifier(_ text: Substring.UTF8View) -> Bool {
        text.allSatisfy { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func number(_ text: Substring.UTF8View) -> UInt64? {
        guard !text.isEmpty, text.allSatisfy(ASCII.isDigit), text.count == 1 || text.first != UInt8(ascii: "0") else {
            return nil
        }
        return UInt64(Substring(text))
    }
}

extension SemanticVersion: Comparable {
    /// Precedence (Semantic Versioning 2.0.0, 11); versions that differ in their build alone come in the order of their bytes.
    static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (leftCore, rightCore) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        guard leftCore == rightCore else { return leftCore < rightCore }
        if left.isPrerelease != right.isPrerelease { return left.isPrerelease }
        for (first, second) in zip(left.prerelease, right.prerelease) where first != second {
            switch (first, second) {
            case (.number(let first), .number(let second)): return first < second
            case (.number, .word): return true
            case (.word, .number): return false
            case (.word(let first), .word(let second)): return first.utf8.lexicographicallyPrecedes(second.utf8)
            }
        }
        guard left.prerelease.count == right.prerelease.count else { return left.prerelease.count < right.prerelease.count }
        return left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}
