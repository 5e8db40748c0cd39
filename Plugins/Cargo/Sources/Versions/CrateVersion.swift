internal import SavePlatform

/// A version as Semantic Versioning 2.0.0 has it, within what Cargo can hold: `1.2.3-beta.1+build`.
struct CrateVersion: Sendable {
    /// As it was written.
    let text: String
    /// What orders it. The build does not count.
    let key: [UInt8]
    let isPrerelease: Bool

    static let maxBytes = 128

    /// Reads a version exactly as the specification has it; nil for anything else, such as `1.2` or `v1.2.3`.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes else { return nil }
        var scanner = VersionScanner(Array(text.utf8))
        guard let version = scanner.version(), let core = version.core, scanner.isAtEnd else { return nil }
        self.text = text
        key = VersionKey.of(core.major, core.minor, core.patch, version.prerelease)
        isPrerelease = version.prerelease != nil
    }

    /// The text without its build: what tells versions of a crate from each other.
    var identity: String { String(Substring(text.utf8.prefix { $0 != UInt8(ascii: "+") })) }
}

/// The order of versions as bytes (Semantic Versioning 2.0.0, 11).
enum VersionKey {
    /// - Parameter prerelease: its identifiers; nil for a release, which comes after all of them.
    static func of(_ major: UInt64, _ minor: UInt64, _ patch: UInt64, _ prerelease: [ArraySlice<UInt8>]?) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(32)
        for number in [major, minor, patch] { append(String(number).utf8, to: &key) }
        guard let prerelease else { return key + [0xFF] }
        for identifier in prerelease {
            if identifier.allSatisfy(ASCII.isDigit) {
                // "Numeric identifiers always have lower precedence than non-numeric identifiers."
                key.append(1)
                append(identifier, to: &key)
            } else {
                key.append(2)
                key.append(contentsOf: identifier)
                key.append(0)
            }
        }
        // "A larger set of pre-release fields has a higher precedence than a smaller set."
        key.append(0)
        return key
    }

    /// The count of digits, then the digits: longer numbers without leading zeros are larger.
    private static func append(_ digits: some Collection<UInt8>, to key: inout [UInt8]) {
        key.append(UInt8(clamping: digits.count))
        key.append(contentsOf: digits)
    }
}

/// A version, or a part of one with wildcards: `1.*`, `1.2`, `*`.
struct PartialVersion {
    /// nil for a wildcard and for what is left out.
    let major: UInt64?
    let minor: UInt64?
    let patch: UInt64?
    /// The identifiers of a pre-release; nil for none.
    let prerelease: [ArraySlice<UInt8>]?
    let hasWildcard: Bool

    /// The numbers of a whole version.
    var core: (major: UInt64, minor: UInt64, patch: UInt64)? {
        guard let major, let minor, let patch else { return nil }
        return (major, minor, patch)
    }
}

/// Reads versions and parts of versions in one pass.
struct VersionScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skipSpaces() { while position < bytes.count, bytes[position] == 0x20 { position += 1 } }

    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            text.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { return false }
        position += count
        return true
    }

    /// One to three numbers, or wildcards in place of the last of them; behind three numbers also a pre-release and a build. nil where
    /// there is none, and for a number that no `u64` holds.
    mutating func version() -> PartialVersion? {
        var numbers: [UInt64] = []
        var hasWildcard = false
        var count = 0
        repeat {
            count += 1
            if skip("*") || skip("x") || skip("X") {
                hasWildcard = true
            } else {
                guard !hasWildcard, let number = number() else { return nil }
                numbers.append(number)
            }
        } while count < 3 && skip(".")
        var prerelease: [ArraySlice<UInt8>]?
        if numbers.count == 3 {
            if skip("-") {
                guard let found = identifiers(), found.allSatisfy(Self.isPrereleaseIdentifier) else { return nil }
                prerelease = found
            }
            if skip("+"), identifiers() == nil { return nil }
        }
        return PartialVersion(
            major: numbers.first, minor: numbers.dropFirst().first, patch: numbers.dropFirst(2).first, prerelease: prerelease,
            hasWildcard: hasWildcard)
    }

    private mutating func number() -> UInt64? {
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position += 1 }
        let digits = bytes[start..<position]
        guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    private mutating func identifiers() -> [ArraySlice<UInt8>]? {
        var found: [ArraySlice<UInt8>] = []
        repeat {
            let start = position
            while position < bytes.count, ASCII.isAlphanumeric(bytes[position]) || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard position > start else { return nil }
            found.append(bytes[start..<position])
        } while skip(".")
        return found
    }

    /// "Numeric identifiers MUST NOT include leading zeroes" (9).
    private static func isPrereleaseIdentifier(_ text: ArraySlice<UInt8>) -> Bool {
        text.count == 1 || text.first != UInt8(ascii: "0") || !text.allSatisfy(ASCII.isDigit)
    }
}
