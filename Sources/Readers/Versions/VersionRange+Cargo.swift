extension VersionRange {
    private static let maxBytesOfCargo = 1024
    /// Cargo reads no more comparators than this.
    private static let maxComparators = 32

    /// Reads a range as Cargo.toml has it: `1.2`, `^0.3`, `>=1.2, <1.5`, `~1.2.3`, `=1.0.0`, `1.*`, `*` (Cargo Book, "Specifying
    /// Dependencies"). nil for what is none, and for numbers that no `UInt64` holds.
    public init?(cargo text: String) {
        guard text.utf8.count <= Self.maxBytesOfCargo else { return nil }
        let parts = Array(text.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count <= Self.maxComparators else { return nil }
        var limits: [Limit] = []
        for part in parts {
            var scanner = VersionScanner(Array(part))
            scanner.skip { $0 == 0x20 }
            let sign = Self.signsOfCargo.first { scanner.skip($0) }?.description ?? ""
            scanner.skip { $0 == 0x20 }
            guard let version = scanner.version(upTo: .max), Self.isOfCargo(version),
                let further = Self.limits(sign, version)
            else { return nil }
            scanner.skip { $0 == 0x20 }
            // `*` stands by itself.
            let isAlone = parts.count == 1 && sign.isEmpty && version.numbers.count == 1
            guard scanner.isAtEnd, version.major != nil || isAlone else { return nil }
            limits += further
        }
        alternatives = [limits]
    }

    private static let signsOfCargo: [StaticString] = ["<=", ">=", "<", ">", "=", "^", "~"]

    /// Wildcards stand in place of the last numbers, with nothing behind them.
    private static func isOfCargo(_ version: PartialVersion) -> Bool {
        guard version.hasWildcard else { return true }
        let behind = version.numbers.drop { $0 != nil }
        return behind.allSatisfy { $0 == nil } && version.prerelease == nil && version.build == nil
    }

    /// nil for numbers that are too large.
    private static func limits(_ sign: String, _ version: PartialVersion) -> [Limit]? {
        guard let major = version.major else { return [] }
        let whole = version.core.map { VersionKey.of($0.major, $0.minor, $0.patch, version.prerelease) }
        // What is given in part begins with the first pre-release of all that it stands for.
        let start = whole ?? VersionKey.of(major, version.minor ?? 0, 0, VersionKey.lowest)
        let next = version.next(upTo: .max)
        switch sign {
        case "=": return whole.map { [Limit(.exactly, $0)] } ?? next.map { [Limit(.atLeast, start), .below($0)] }
        case ">=": return [Limit(.atLeast, start)]
        case "<": return [Limit(.below, start)]
        case ">":
            if let whole { return [Limit(.above, whole)] }
            return next.map { [Limit(.atLeast, VersionKey.of($0.0, $0.1, $0.2, VersionKey.lowest))] }
        case "<=": return whole.map { [Limit(.atMost, $0)] } ?? next.map { [.below($0)] }
        case "~":
            let end = version.core == nil ? next : version.minor?.successor(upTo: .max).map { (major, $0, 0) }
            return end.map { [Limit(.atLeast, start), .below($0)] }
        default:
            // Behind a sign a wildcard says no more than what is left out.
            let end = sign.isEmpty && version.hasWildcard ? next : version.nextBreaking(upTo: .max)
            return end.map { [Limit(.atLeast, start), .below($0)] }
        }
    }
}
