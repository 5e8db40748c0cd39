internal import SavePlatform

/// A version as the go command reads it (`golang.org/x/mod/semver`): minor and patch may be left out. The `v` may as well, as in advisories.
struct SemanticVersion {
    /// Major, minor, patch: digits without leading zeros, however many.
    let numbers: [ArraySlice<UInt8>]
    /// Whether minor and patch are there.
    let isWhole: Bool
    /// What stands behind `-`; nil for a release.
    let prerelease: ArraySlice<UInt8>?
    /// What stands behind `+`.
    let build: ArraySlice<UInt8>?

    /// Bytes: with `.zip` and every letter escaped it is a file's name.
    private static let maxBytes = 200

    init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes else { return nil }
        var rest = Array(text.utf8)[...]
        if rest.first == UInt8(ascii: "v") { rest = rest.dropFirst() }
        var numbers: [ArraySlice<UInt8>] = []
        repeat {
            if !numbers.isEmpty { rest = rest.dropFirst() }
            let digits = rest.prefix(while: ASCII.isDigit)
            guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
            numbers.append(digits)
            rest = rest.dropFirst(digits.count)
        } while numbers.count < 3 && rest.first == UInt8(ascii: ".")
        isWhole = numbers.count == 3
        // A version that leaves a number out has nothing behind it.
        guard isWhole || rest.isEmpty else { return nil }
        while numbers.count < 3 { numbers.append([UInt8(ascii: "0")]) }
        self.numbers = numbers
        var prerelease: ArraySlice<UInt8>?
        if rest.first == UInt8(ascii: "-") {
            let text = rest.dropFirst().prefix { $0 != UInt8(ascii: "+") }
            guard Self.areIdentifiers(text, zeros: false) else { return nil }
            prerelease = text
            rest = rest[text.endIndex...]
        }
        self.prerelease = prerelease
        guard let plus = rest.first else {
            build = nil
            return
        }
        guard plus == UInt8(ascii: "+"), Self.areIdentifiers(rest.dropFirst(), zeros: true) else { return nil }
        build = rest.dropFirst()
    }

    /// What orders versions byte by byte (Semantic Versioning 2.0.0, 11). The build does not count.
    var key: [UInt8] {
        var key: [UInt8] = []
        for number in numbers { Self.append(number, to: &key) }
        guard let prerelease else { return key + [0xFF] }
        for identifier in prerelease.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            if identifier.allSatisfy(ASCII.isDigit) {
                // "Numeric identifiers always have lower precedence than non-numeric identifiers."
                key.append(1)
                Self.append(identifier, to: &key)
            } else {
                key.append(2)
                key.append(contentsOf: identifier)
                key.append(0)
            }
        }
        // "A larger set of pre-release fields has a higher precedence than a smaller set."
        return key + [0]
    }

    /// The count of digits, then the digits: longer numbers without leading zeros are larger.
    private static func append(_ digits: ArraySlice<UInt8>, to key: inout [UInt8]) {
        key.append(UInt8(clamping: digits.count))
        key.append(contentsOf: digits)
    }

    /// - Parameter zeros: whether numbers may have zeros in front.
    private static func areIdentifiers(_ text: ArraySlice<UInt8>, zeros: Bool) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { identifier in
            guard let first = identifier.first,
                identifier.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
            else { return false }
            let hasZeros = identifier.count > 1 && first == UInt8(ascii: "0") && identifier.allSatisfy(ASCII.isDigit)
            return zeros || !hasZeros
        }
    }
}
