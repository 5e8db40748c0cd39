internal import SavePlatform

/// A range of versions as Cargo.toml has it: `1.2`, `^0.3`, `>=1.2, <1.5`, `~1.2.3`, `=1.0.0`, `1.*`, `*` (Cargo Book, "Specifying
/// Dependencies").
///
/// A pre-release is in a range by its order: what is said of `>=1.0, <2` is said of `1.5.0-rc.1` as well.
struct VersionRequirement {
    private let limits: [Limit]

    private static let maxBytes = 1024
    /// Cargo reads no more comparators than this.
    private static let maxComparators = 32

    /// - Throws: `invalidRequest` for what is no requirement.
    init(_ text: String) throws {
        guard text.utf8.count <= Self.maxBytes, let limits = Self.limits(Array(text.utf8)) else {
            throw SaveError(
                .invalidRequest,
                "'\(text.prefix(80))' is no range of versions: write one such as >=1.2, <2 or ^1.2 (Cargo's dependencies)")
        }
        self.limits = limits
    }

    func contains(_ text: String) -> Bool {
        guard let version = CrateVersion(text) else { return false }
        return limits.allSatisfy { $0.holds(for: version.key) }
    }

    private static func limits(_ bytes: [UInt8]) -> [Limit]? {
        let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count <= maxComparators else { return nil }
        var limits: [Limit] = []
        for part in parts {
            var scanner = VersionScanner(Array(part))
            scanner.skipSpaces()
            let sign = signs.first { scanner.skip($0) }?.description ?? ""
            scanner.skipSpaces()
            guard let version = scanner.version(), let further = comparator(sign, version) else { return nil }
            scanner.skipSpaces()
            // `*` stands by itself.
            guard scanner.isAtEnd, version.major != nil || parts.count == 1 && sign.isEmpty else { return nil }
            limits += further
        }
        return limits
    }

    private static let signs: [StaticString] = ["<=", ">=", "<", ">", "=", "^", "~"]
    /// The identifiers of the lowest pre-release: `-0`.
    private static let lowest = [ArraySlice("0".utf8)]

    /// nil for numbers that are too large.
    private static func comparator(_ sign: String, _ version: PartialVersion) -> [Limit]? {
        guard let major = version.major else { return [] }
        let whole = version.core.map { VersionKey.of($0.major, $0.minor, $0.patch, version.prerelease) }
        // What is given in part begins with the first pre-release of all that it stands for.
        let start = whole ?? VersionKey.of(major, version.minor ?? 0, 0, lowest)
        switch sign {
        case "=": return whole.map { [Limit(.exactly, $0)] } ?? end(version.next).map { [Limit(.atLeast, start), $0] }
        case ">=": return [Limit(.atLeast, start)]
        case "<": return [Limit(.below, start)]
        case ">":
            if let whole { return [Limit(.above, whole)] }
            return version.next.map { [Limit(.atLeast, VersionKey.of($0.0, $0.1, $0.2, lowest))] }
        case "<=": return whole.map { [Limit(.atMost, $0)] } ?? end(version.next).map { [$0] }
        case "~":
            let next = version.core == nil ? version.next : after(minorOf: version)
            return end(next).map { [Limit(.atLeast, start), $0] }
        default:
            let next = version.hasWildcard ? version.next : version.nextBreaking
            return end(next).map { [Limit(.atLeast, start), $0] }
        }
    }

    /// Below all pre-releases of a version.
    private static func end(_ version: (UInt64, UInt64, UInt64)?) -> Limit? {
        version.map { Limit(.below, VersionKey.of($0.0, $0.1, $0.2, lowest)) }
    }

    private static func after(minorOf version: PartialVersion) -> (UInt64, UInt64, UInt64)? {
        guard let major = version.major, let minor = version.minor?.successor else { return nil }
        return (major, minor, 0)
    }
}

/// One side of a range.
private struct Limit {
    enum Side { case atLeast, atMost, above, below, exactly }

    private let side: Side
    private let key: [UInt8]

    init(_ side: Side, _ key: [UInt8]) {
        self.side = side
        self.key = key
    }

    func holds(for version: [UInt8]) -> Bool {
        switch side {
        case .atLeast: !version.lexicographicallyPrecedes(key)
        case .atMost: !key.lexicographicallyPrecedes(version)
        case .above: key.lexicographicallyPrecedes(version)
        case .below: version.lexicographicallyPrecedes(key)
        case .exactly: version == key
        }
    }
}

extension UInt64 {
    /// nil for the last number.
    fileprivate var successor: UInt64? { self == .max ? nil : self + 1 }
}

extension PartialVersion {
    /// The first version behind all that it stands for; nil where there is none.
    fileprivate var next: (UInt64, UInt64, UInt64)? {
        guard let major else { return nil }
        guard let minor else { return major.successor.map { ($0, 0, 0) } }
        guard let patch else { return minor.successor.map { (major, $0, 0) } }
        return patch.successor.map { (major, minor, $0) }
    }

    /// The first version that may break what was written for it: one with another number in the first place that is not zero.
    fileprivate var nextBreaking: (UInt64, UInt64, UInt64)? {
        guard let major, major == 0, let minor else { return major?.successor.map { ($0, 0, 0) } }
        guard minor == 0, let patch else { return minor.successor.map { (0, $0, 0) } }
        return patch.successor.map { (0, 0, $0) }
    }
}
