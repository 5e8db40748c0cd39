/// A version as Semantic Versioning 2.0.0 has it, `1.2.3-beta.1+build`, or as an ecosystem's own client reads one.
public struct SemanticVersion: Sendable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// What orders versions, byte by byte (Semantic Versioning 2.0.0, 11). The build does not count.
    public let key: [UInt8]
    /// Major, minor and patch, as far as they were written: digits without leading zeros.
    public let numbers: [ArraySlice<UInt8>]
    /// What stands behind `-`; nil for a release.
    public let prerelease: ArraySlice<UInt8>?
    /// What stands behind `+`; nil where nothing does.
    public let build: ArraySlice<UInt8>?

    public var isPrerelease: Bool { prerelease != nil }

    /// The text without its build: what tells versions from each other where the build does not.
    public var withoutBuild: String { String(Substring(description.utf8.prefix { $0 != UInt8(ascii: "+") })) }

    /// Reads a version exactly as the specification has it; nil for anything else, such as `1.2`, `v1.2.3`, a number that no `UInt64` holds,
    /// and a text of more than so many bytes, 256 where nothing else is said.
    public init?(_ text: String, maxBytes: Int = 256) {
        guard text.utf8.count <= maxBytes else { return nil }
        var scanner = VersionScanner(Array(text.utf8))
        guard let version = scanner.version(upTo: .max), version.core != nil, scanner.isAtEnd else { return nil }
        self.init(text, version)
    }

    /// Reads a version as npm's `semver` does: with spaces around it, a `v` before it, and numbers that JavaScript holds exactly. nil for
    /// what npm takes for none.
    public init?(npm text: String) {
        guard text.utf8.count <= Self.maxBytesOfNpm else { return nil }
        var scanner = VersionScanner(Array(text.utf8))
        scanner.skip(while: VersionScanner.isSpace)
        _ = scanner.skip("v")
        guard let version = scanner.version(upTo: Self.maxNumberOfNpm), version.core != nil else { return nil }
        scanner.skip(while: VersionScanner.isSpace)
        guard scanner.isAtEnd else { return nil }
        self.init(text, version)
    }

    /// Reads a version as the go command does (`golang.org/x/mod/semver`): minor and patch may be left out, numbers are as long as they
    /// like. The `v` may be left out as well, as in advisories. nil for what is none.
    public init?(go text: String) {
        guard text.utf8.count <= Self.maxBytesOfGo else { return nil }
        var scanner = VersionScanner(Array(text.utf8))
        _ = scanner.skip("v")
        guard let version = scanner.version(upTo: nil), !version.hasWildcard, scanner.isAtEnd else { return nil }
        self.init(text, version)
    }

    /// - Parameter version: one without wildcards.
    private init(_ text: String, _ version: PartialVersion) {
        description = text
        numbers = version.numbers.compactMap(\.self)
        prerelease = version.prerelease
        build = version.build
        key = VersionKey.of(numbers, version.prerelease)
    }

    /// npm's own limits.
    static let maxBytesOfNpm = 256
    static let maxNumberOfNpm: UInt64 = 9_007_199_254_740_991
    /// With `.zip` and every letter escaped a version is a file's name.
    static let maxBytesOfGo = 200
}

extension SemanticVersion: Hashable, Comparable {
    public static func == (left: SemanticVersion, right: SemanticVersion) -> Bool {
        left.description.utf8.elementsEqual(right.description.utf8)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// Versions that differ in their build alone come in the order of their bytes.
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
        return left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}
