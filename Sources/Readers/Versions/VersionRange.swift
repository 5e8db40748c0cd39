/// A range of versions, as an ecosystem's own client writes it.
///
/// A pre-release is in a range by its order: what is said of `>=1.0 <2` is said of `1.5.0-rc.1` as well.
public struct VersionRange: Sendable {
    /// Each is a list of limits that all hold; one of them has to.
    let alternatives: [[Limit]]

    /// - Parameter key: that of a version (`SemanticVersion.key`).
    public func contains(_ key: [UInt8]) -> Bool { alternatives.contains { $0.allSatisfy { $0.holds(for: key) } } }
}

/// One side of a range.
struct Limit: Sendable {
    enum Side: Sendable { case atLeast, atMost, above, below, exactly, beginning }

    private let side: Side
    private let key: [UInt8]

    init(_ side: Side, _ key: [UInt8]) {
        self.side = side
        self.key = key
    }

    /// Below all pre-releases of a version.
    static func below(_ version: (UInt64, UInt64, UInt64)) -> Limit {
        Limit(.below, VersionKey.of(version.0, version.1, version.2, VersionKey.lowest))
    }

    func holds(for version: [UInt8]) -> Bool {
        switch side {
        case .atLeast: !version.lexicographicallyPrecedes(key)
        case .atMost: !key.lexicographicallyPrecedes(version)
        case .above: key.lexicographicallyPrecedes(version)
        case .below: version.lexicographicallyPrecedes(key)
        case .exactly: version == key
        case .beginning: version.starts(with: key)
        }
    }
}
