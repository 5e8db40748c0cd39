/// A version, or a part of one with wildcards: `1.x`, `1.2`, `*`.
struct PartialVersion {
    /// One to three, each digits without leading zeros; nil for a wildcard.
    let numbers: [ArraySlice<UInt8>?]
    /// The same as numbers; nil for a wildcard and what follows one, for what is left out, and for what is too large to be one.
    let major: UInt64?
    let minor: UInt64?
    let patch: UInt64?
    /// What stands behind `-` and behind `+`; nil where nothing does.
    let prerelease: ArraySlice<UInt8>?
    let build: ArraySlice<UInt8>?

    /// The numbers of a whole version. What follows a wildcard is one as well.
    var core: (major: UInt64, minor: UInt64, patch: UInt64)? {
        guard let major, let minor, let patch else { return nil }
        return (major, minor, patch)
    }

    var hasWildcard: Bool { numbers.contains { $0 == nil } }
}

extension PartialVersion {
    /// The first version behind all that it stands for, zeros where it stands for all; nil where that has a number over the largest.
    func next(upTo largest: UInt64) -> (UInt64, UInt64, UInt64)? {
        guard let major else { return (0, 0, 0) }
        guard let minor else { return major.successor(upTo: largest).map { ($0, 0, 0) } }
        guard let patch else { return minor.successor(upTo: largest).map { (major, $0, 0) } }
        return patch.successor(upTo: largest).map { (major, minor, $0) }
    }

    /// The first version that may break what was written for it: one with another number in the first place that is not zero. nil where
    /// that has a number over the largest.
    func nextBreaking(upTo largest: UInt64) -> (UInt64, UInt64, UInt64)? {
        guard let major, let minor, major == 0 else { return (major ?? 0).successor(upTo: largest).map { ($0, 0, 0) } }
        guard let patch, minor == 0 else { return minor.successor(upTo: largest).map { (0, $0, 0) } }
        return patch.successor(upTo: largest).map { (0, 0, $0) }
    }
}

extension UInt64 {
    /// nil for the largest number there is.
    func successor(upTo largest: UInt64) -> UInt64? { self < largest ? self + 1 : nil }
}

/// Reads versions and parts of versions in one pass.
struct VersionScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while position < bytes.count, isSkipped(bytes[position]) { position += 1 }
    }

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
        skip(while: Self.isOrnament)
        return bytes[start..<position]
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    static func isOrnament(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "v") || byte == UInt8(ascii: "=") || isSpace(byte) }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// One to three numbers or wildcards; behind three also a pre-release and a build. nil where there is none.
    ///
    /// - Parameter largest: the largest number that is one; nil for any.
    mutating func version(upTo largest: UInt64?) -> PartialVersion? {
        var numbers: [ArraySlice<UInt8>?] = []
        var values: (UInt64?, UInt64?, UInt64?)
        var hasWildcard = false
        repeat {
            if skip("x") || skip("X") || skip("*") {
                numbers.append(nil)
                hasWildcard = true
                continue
            }
            guard let digits = number() else { return nil }
            let value = UInt64(String(decoding: digits, as: UTF8.self))
            if let largest { guard let value, value <= largest else { return nil } }
            if !hasWildcard {
                switch numbers.count {
                case 0: values.0 = value
                case 1: values.1 = value
                default: values.2 = value
                }
            }
            numbers.append(digits)
        } while numbers.count < 3 && skip(".")
        var prerelease: ArraySlice<UInt8>?
        var build: ArraySlice<UInt8>?
        if numbers.count == 3 {
            if skip("-") {
                // "Numeric identifiers MUST NOT include leading zeroes" (Semantic Versioning 2.0.0, 9).
                guard let found = identifiers(zeros: false) else { return nil }
                prerelease = found
            }
            if skip("+") {
                guard let found = identifiers(zeros: true) else { return nil }
                build = found
            }
        }
        return PartialVersion(
            numbers: numbers, major: values.0, minor: values.1, patch: values.2, prerelease: prerelease, build: build)
    }

    private mutating func number() -> ArraySlice<UInt8>? {
        let start = position
        skip(while: Self.isDigit)
        let digits = bytes[start..<position]
        return digits.isEmpty || digits.count > 1 && digits.first == UInt8(ascii: "0") ? nil : digits
    }

    /// - Parameter zeros: whether numbers may have zeros in front.
    private mutating func identifiers(zeros: Bool) -> ArraySlice<UInt8>? {
        let first = position
        repeat {
            let start = position
            var isNumber = true
            while position < bytes.count, Self.isIdentifier(bytes[position]) {
                if !Self.isDigit(bytes[position]) { isNumber = false }
                position += 1
            }
            guard position > start else { return nil }
            if !zeros, isNumber, position - start > 1, bytes[start] == UInt8(ascii: "0") { return nil }
        } while skip(".")
        return bytes[first..<position]
    }

    private static func isIdentifier(_ byte: UInt8) -> Bool {
        let small = byte | 0x20
        return isDigit(byte) || small >= UInt8(ascii: "a") && small <= UInt8(ascii: "z") || byte == UInt8(ascii: "-")
    }
}
