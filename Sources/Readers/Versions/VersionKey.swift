/// The order of versions as bytes (Semantic Versioning 2.0.0, 11). The build does not count.
enum VersionKey {
    /// What stands behind the `-` of the lowest pre-release.
    static let lowest = ArraySlice("0".utf8)

    /// - Parameter prerelease: what stands behind `-`; nil for a release, which comes after all pre-releases.
    static func of(_ major: UInt64, _ minor: UInt64, _ patch: UInt64, _ prerelease: ArraySlice<UInt8>?) -> [UInt8] {
        var key = empty
        for number in [major, minor, patch] { append(String(number).utf8, to: &key) }
        append(prerelease: prerelease, to: &key)
        return key
    }

    /// - Parameter numbers: of a version that has no wildcards. What is left out is zero.
    static func of(_ numbers: [ArraySlice<UInt8>], _ prerelease: ArraySlice<UInt8>?) -> [UInt8] {
        var key = beginning(numbers)
        for _ in numbers.count..<max(3, numbers.count) { append(lowest, to: &key) }
        append(prerelease: prerelease, to: &key)
        return key
    }

    /// What the keys of all versions begin with that have these numbers.
    static func beginning(_ numbers: [ArraySlice<UInt8>]) -> [UInt8] {
        var key = empty
        for number in numbers { append(number, to: &key) }
        return key
    }

    private static var empty: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(32)
        return key
    }

    private static func append(prerelease: ArraySlice<UInt8>?, to key: inout [UInt8]) {
        guard var rest = prerelease else {
            key.append(0xFF)
            return
        }
        while !rest.isEmpty {
            let identifier = rest.prefix { $0 != UInt8(ascii: ".") }
            if identifier.allSatisfy(VersionScanner.isDigit) {
                // "Numeric identifiers always have lower precedence than non-numeric identifiers."
                key.append(1)
                append(identifier, to: &key)
            } else {
                key.append(2)
                key.append(contentsOf: identifier)
                key.append(0)
            }
            rest = rest[identifier.endIndex...].dropFirst()
        }
        // "A larger set of pre-release fields has a higher precedence than a smaller set."
        key.append(0)
    }

    /// The count of digits, then the digits: longer numbers without leading zeros are larger.
    private static func append(_ digits: some Collection<UInt8>, to key: inout [UInt8]) {
        key.append(UInt8(clamping: digits.count))
        key.append(contentsOf: digits)
    }
}
