internal import SavePlatform

/// The versions of a package that one entry of `affected` is about: "A version is considered affected if it lies within any one
/// of the ranges or is listed in the versions list" (OSV schema, `affected`).
package struct AffectedVersions: Sendable {
    private let keys: Set<[UInt8]>
    /// Of what is listed and no version.
    private let texts: Set<String>
    private let ranges: [AffectedRange]

    /// - Parameters:
    ///   - versions: as the record lists them.
    ///   - ranges: as the record has them; those of commits (`GIT`) say nothing of versions and are left out.
    ///   - key: orders versions of the ecosystem.
    package init(versions: [String], ranges: [OSVRange], key: (String) -> [UInt8]?) {
        var keys: Set<[UInt8]> = []
        var texts: Set<String> = []
        for version in versions {
            if let key = key(version) { keys.insert(key) } else { texts.insert(version) }
        }
        self.keys = keys
        self.texts = texts
        self.ranges = ranges.filter { $0.kind != .git }.map { AffectedRange($0, key: key) }
    }

    package func contains(_ version: KeyedVersion) -> Bool {
        guard let key = version.key else {
            return ranges.contains(where: \.containsEverything) || texts.contains { ASCII.isEqual($0, version.text) }
        }
        return keys.contains(key) || ranges.contains { $0.contains(key) }
    }

    /// Whether a version with a key is in one of the ranges.
    func isInRange(_ key: [UInt8]) -> Bool { ranges.contains { $0.contains(key) } }

    /// The keys of the versions that are listed.
    var listedKeys: Set<[UInt8]> { keys }

    /// Adds all that ranges begin and end with.
    func addBounds(to bounds: inout Set<[UInt8]>) { for range in ranges { range.addBounds(to: &bounds) } }

    /// The keys of the versions that are named as fixed.
    package var fixedKeys: [[UInt8]] { ranges.flatMap(\.fixedKeys) }
}

/// A range of versions, as a record has it (OSV schema, `affected[].ranges[]`).
package struct OSVRange: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case git, semantic, ecosystem }

    package struct Event: Sendable, Hashable {
        package enum Kind: Sendable, Hashable { case introduced, fixed, lastAffected, limit }

        package let kind: Kind
        package let version: String

        package init(_ kind: Kind, _ version: String) {
            self.kind = kind
            self.version = version
        }
    }

    package let kind: Kind
    package let events: [Event]

    package init(_ kind: Kind, _ events: [Event]) {
        self.kind = kind
        self.events = events
    }
}
