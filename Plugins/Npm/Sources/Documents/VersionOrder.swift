internal import SavePlatform

/// The order of versions as bytes (Semantic Versioning 2.0.0, 11). The build does not count.
enum VersionOrder {
    /// npm's own limits: versions of 256 characters, numbers that JavaScript holds exactly.
    static let maxBytes = 256
    static let maxNumber: UInt64 = 9_007_199_254_740_991

    /// The key of a version; nil for what npm takes for none. A `v` before it and spaces around it do not count.
    static func key(of text: String) -> [UInt8]? {
        guard text.utf8.count <= maxBytes else { return nil }
        var scanner = VersionScanner(Array(text.utf8))
        scanner.skipSpaces()
        _ = scanner.skip("v")
        guard let version = scanner.version(), let core = version.core else { return nil }
        scanner.skipSpaces()
        return scanner.isAtEnd ? key(core.major, core.minor, core.patch, version.prerelease) : nil
    }

    /// - Parameter prerelease: its identifiers; nil for a release, which comes after all of them.
    static func key(_ major: UInt64, _ minor: UInt64, _ patch: UInt64, _ prerelease: [ArraySlice<UInt8>]?) -> [UInt8] {
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

/// A version, or a part of one with wildcards: `1.x`, `1.2`, `*`.
struct PartialVersion {
    /// nil for a wildcard and for what is left out.
    let major: UInt64?
    let minor: UInt64?
    let patch: UInt64?
    /// The identifiers of a pre-release; nil for none.
    let prerelease: [ArraySlice<UInt8>]?
    let hasBuild: Bool

    /// The numbers of a whole version. What follows a wildcard is one as well.
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

    mutating func skipSpaces() { while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 } }

    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            text.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { return false }
        position += count
        return true
    }

    /// What stands before a part of a version without a meaning: `v`, `=`, spaces.
    mutating func ornament() -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count, Self.isOrnament(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    static func isOrnament(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "v") || byte == UInt8(ascii: "=") || isSpace(byte) }

    /// One to three numbers or wildcards; behind three also a pre-release and a build. nil where there is none, and for a number that
    /// is too large.
    mutating func version() -> PartialVersion? {
        var numbers: [UInt64?] = []
        repeat {
            guard let number = numberOrWildcard() else { return nil }
            numbers.append(number)
        } while numbers.count < 3 && skip(".")
        var prerelease: [ArraySlice<UInt8>]?
        var hasBuild = false
        if numbers.count == 3 {
            if skip("-") {
                guard let found = identifiers(), found.allSatisfy(Self.isPrereleaseIdentifier) else { return nil }
                prerelease = found
            }
            if skip("+") {
                guard identifiers() != nil else { return nil }
                hasBuild = true
            }
        }
        let major = numbers[0]
        let minor = major != nil && numbers.count > 1 ? numbers[1] : nil
        let patch = minor != nil && numbers.count > 2 ? numbers[2] : nil
        return PartialVersion(major: major, minor: minor, patch: patch, prerelease: prerelease, hasBuild: hasBuild)
    }

    /// Inner nil for a wildcard.
    private mutating func numberOrWildcard() -> UInt64?? {
        if skip("x") || skip("X") || skip("*") { return .some(nil) }
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position += 1 }
        let digits = bytes[start..<position]
        guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let number = UInt64(String(decoding: digits, as: UTF8.self)), number <= VersionOrder.maxNumber
        else { return nil }
        return number
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
