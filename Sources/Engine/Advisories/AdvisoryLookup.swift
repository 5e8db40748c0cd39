package import SavePlatform

/// What is known of packages that are vulnerable or do harm.
package protocol AdvisoryLookup: Sendable {
    /// Rises when other advisories have come in: what was decided by the earlier ones may hold no longer.
    var generation: UInt64 { get }

    /// All that is known of a package; empty where nothing is.
    ///
    /// - Parameters:
    ///   - package: its key, as the format normalizes it.
    ///   - ecosystem: the format's (`PackageVersioning.ecosystem`).
    /// - Throws: where the advisories cannot be read.
    func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories
}

/// What nobody knows anything for.
package struct NoAdvisories: AdvisoryLookup {
    package init() {}
    package var generation: UInt64 { 0 }
    package func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories {
        PackageAdvisories([])
    }
}

/// A version with the key that orders it (`PackageVersioning.sortKey(of:)`).
package struct KeyedVersion: Sendable, Hashable {
    package let text: String
    /// nil for what is no version.
    package let key: [UInt8]?

    package init(_ text: String, key: [UInt8]?) {
        self.text = text
        self.key = key
    }
}

/// The advisories of one package. What it answers follows from its arguments alone.
package struct PackageAdvisories: Sendable {
    /// A record with the versions of this package that it is about.
    package struct Entry: Sendable {
        package let advisory: Advisory
        package let affected: [AffectedVersions]

        package init(_ advisory: Advisory, affecting affected: [AffectedVersions]) {
            self.advisory = advisory
            self.affected = affected
        }

        func affects(_ version: KeyedVersion) -> Bool { affected.contains { $0.contains(version) } }
    }

    /// All records, those withdrawn with them, each by itself.
    package let entries: [Entry]
    /// For each entry the number of the advisory that it is a record of.
    private let groups: [Int]
    private let fixes: Set<[UInt8]>

    package init(_ entries: [Entry]) {
        self.entries = entries
        groups = AliasGroups.numbers(of: entries.map(\.advisory))
        fixes = Set(entries.filter { $0.advisory.withdrawn == nil }.flatMap { $0.affected.flatMap(\.fixedKeys) })
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// All advisories, those withdrawn left out, the worst first.
    package var advisories: [Advisory] { merged { _ in true } }

    /// Those that affect a version, each once however many records there are of it, the worst first.
    package func affecting(_ version: KeyedVersion) -> [Advisory] { merged { $0.affects(version) } }

    /// The records that affect a version, each by itself.
    package func records(affecting version: KeyedVersion) -> [Advisory] {
        entries.filter { $0.advisory.withdrawn == nil && $0.affects(version) }.map(\.advisory)
    }

    /// Whether an advisory names a version as the one that mends it.
    package func isFix(_ version: KeyedVersion) -> Bool { version.key.map(fixes.contains) ?? false }

    private func merged(_ counts: (Entry) -> Bool) -> [Advisory] { groups(of: counts).map(\.advisory) }

    /// The advisories that some records are of, put together of these records alone, the worst first; with the ids of the records.
    func groups(of counts: (Entry) -> Bool) -> [(advisory: Advisory, records: [String])] {
        var members: [Int: [Advisory]] = [:]
        for (entry, group) in zip(entries, groups) where entry.advisory.withdrawn == nil && counts(entry) {
            members[group, default: []].append(entry.advisory)
        }
        return members.values.compactMap { records in AliasGroups.merged(records).map { ($0, records.map(\.id)) } }.sorted {
            Self.isWorse($0.advisory, $1.advisory)
        }
    }

    private static func isWorse(_ left: Advisory, _ right: Advisory) -> Bool {
        let (high, low) = (left.isMalware ? 9 : left.severity?.rawValue ?? 0, right.isMalware ? 9 : right.severity?.rawValue ?? 0)
        return (low, left.id) < (high, right.id)
    }
}
