extension VersionRange {
    /// Bytes.
    public static let maxBytesOfGo = 4096

    private static let signs: [(sign: StaticString, side: Limit.Side)] = [
        ("<=", .atMost), (">=", .atLeast), ("==", .exactly), ("<", .below), (">", .above), ("=", .exactly),
    ]

    /// Reads a range as the go command's version queries write it: `<v1.2.3`, `>=v1.2.0`, `v1.2.3`, or `v1` and `v1.2` for all that begin
    /// so. Several that must all hold have a comma between them. The `v` may be left out. nil for what is no range.
    public init?(go text: String) {
        guard text.utf8.count <= Self.maxBytesOfGo else { return nil }
        var limits: [Limit] = []
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            var rest = Self.trimmed(part)
            let sign = Self.signs.first { sign, _ in sign.withUTF8Buffer { rest.starts(with: $0) } }
            rest = Self.trimmed(rest.dropFirst(sign?.sign.utf8CodeUnitCount ?? 0))
            guard let version = SemanticVersion(go: String(decoding: rest, as: UTF8.self)) else { return nil }
            if sign == nil, version.numbers.count < 3 {
                limits.append(Limit(.beginning, VersionKey.beginning(version.numbers)))
            } else {
                limits.append(Limit(sign?.side ?? .exactly, version.key))
            }
        }
        alternatives = [limits]
    }

    private static func trimmed(_ bytes: Substring.UTF8View.SubSequence) -> Substring.UTF8View.SubSequence {
        var bytes = bytes.drop { $0 == 0x20 }
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes
    }
}
