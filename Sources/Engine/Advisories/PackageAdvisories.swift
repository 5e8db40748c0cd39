internal import SavePlatform
internal import Synchronization

/// The advisories of one package. What it answers follows from its arguments alone.
///
/// Pages have a thousand versions and packages a thousand records, so versions are placed among all that ranges begin and end with:
/// what lies between the same two is in the same ranges.
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
    private let places = Places()

    package init(_ entries: [Entry]) {
        self.entries = entries
        groups = AliasGroups.numbers(of: entries.map(\.advisory))
        fixes = Set(entries.filter { $0.advisory.withdrawn == nil }.flatMap { $0.affected.flatMap(\.fixedKeys) })
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// All advisories, those withdrawn left out, the worst first.
    package var advisories: [Advisory] { merged { _ in true } }

    /// Those that affect a version, each once however many records there are of it, the worst first.
    package func affecting(_ version: KeyedVersion) -> [Advisory] { set(affecting: version).advisories }

    /// The same with what policies ask of them; one for all versions that the same records affect.
    package func set(affecting version: KeyedVersion) -> AdvisorySet {
        guard !entries.isEmpty else { return .none }
        let numbers = numbers(affecting: version)
        guard !numbers.isEmpty else { return .none }
        if let known = places.sets.withLock({ $0[numbers] }) { return known }
        let set = AdvisorySet(merged(numbers))
        places.sets.withLock { sets in
            if sets.count >= Self.maxSets { sets.removeAll() }
            sets[numbers] = set
        }
        return set
    }

    private static let maxSets = 1000
    /// Places and records that are kept: those of a page, also where hundreds of records are about each of its versions.
    static let maxRanging = 200_000

    /// How many of them are kept now.
    var rangingCount: Int { places.known.withLock { $0?.rangingCount ?? 0 } }

    /// The records that affect a version, each by itself.
    package func records(affecting version: KeyedVersion) -> [Advisory] {
        entries.filter { $0.advisory.withdrawn == nil && $0.affects(version) }.map(\.advisory)
    }

    /// Whether an advisory names a version as the one that mends it.
    package func isFix(_ version: KeyedVersion) -> Bool { version.key.map(fixes.contains) ?? false }

    private func merged(_ counts: (Entry) -> Bool) -> [Advisory] { groups(of: counts).map(\.advisory) }
    private func merged(_ numbers: [Int]) -> [Advisory] { groups(of: numbers).map(\.advisory) }

    /// The advisories that some records are of, put together of these records alone, the worst first; with the ids of the records.
    func groups(of counts: (Entry) -> Bool) -> [(advisory: Advisory, records: [String])] {
        groups(of: entries.indices.filter { entries[$0].advisory.withdrawn == nil && counts(entries[$0]) })
    }

    private func groups(of numbers: [Int]) -> [(advisory: Advisory, records: [String])] {
        var members: [Int: [Advisory]] = [:]
        for number in numbers { members[groups[number], default: []].append(entries[number].advisory) }
        return members.values.compactMap { records in AliasGroups.merged(records).map { ($0, records.map(\.id)) } }.sorted {
            Self.isWorse($0.advisory, $1.advisory)
        }
    }

    private static func isWorse(_ left: Advisory, _ right: Advisory) -> Bool {
        let (high, low) = (left.isMalware ? 9 : left.severity?.rawValue ?? 0, right.isMalware ? 9 : right.severity?.rawValue ?? 0)
        return (low, left.id) < (high, right.id)
    }

    // MARK: Places of versions

    private final class Places: Sendable {
        let known = Mutex<Index?>(nil)
        let sets = Mutex<[[Int]: AdvisorySet]>([:])
    }

    private struct Index {
        /// All that ranges begin and end with, in order, each once.
        let bounds: [[UInt8]]
        /// The versions that records list, in their order, each with its record: far less than a table of them takes.
        let listed: [(key: [UInt8], number: Int)]
        /// For a place among the bounds the records whose ranges it lies in, found out when it is first asked for.
        var ranging: [Int: [Int]] = [:]
        /// The places and records in it.
        var rangingCount = 0
    }

    /// The records that affect a version, withdrawn ones left out, in their order.
    private func numbers(affecting version: KeyedVersion) -> [Int] {
        guard let key = version.key else {
            return entries.indices.filter { entries[$0].advisory.withdrawn == nil && entries[$0].affects(version) }
        }
        return places.known.withLock { known in
            var index = known ?? makeIndex()
            known = nil
            defer { known = index }
            let place = Self.place(of: key, in: index.bounds)
            let ranging = ranging(key, at: place, &index)
            let first = Self.first(index.listed.count) { index.listed[$0].key.lexicographicallyPrecedes(key) }
            let listing = index.listed[first...].prefix { $0.key == key }.map(\.number)
            return listing.isEmpty ? ranging : Set(ranging).union(listing).sorted()
        }
    }

    /// The records whose ranges a version at a place lies in.
    private func ranging(_ key: [UInt8], at place: Int, _ index: inout Index) -> [Int] {
        if let known = index.ranging[place] { return known }
        let ranging = entries.indices.filter { number in
            entries[number].advisory.withdrawn == nil && entries[number].affected.contains { $0.isInRange(key) }
        }
        if index.rangingCount + ranging.count >= Self.maxRanging {
            index.ranging.removeAll()
            index.rangingCount = 0
        }
        index.ranging[place] = ranging
        index.rangingCount += ranging.count + 1
        return ranging
    }

    private func makeIndex() -> Index {
        var bounds: Set<[UInt8]> = []
        var listed: [(key: [UInt8], number: Int)] = []
        for (number, entry) in entries.enumerated() where entry.advisory.withdrawn == nil {
            for affected in entry.affected {
                affected.addBounds(to: &bounds)
                for key in affected.listedKeys { listed.append((key, number)) }
            }
        }
        return Index(
            bounds: bounds.sorted { $0.lexicographicallyPrecedes($1) },
            listed: listed.sorted { $0.key.lexicographicallyPrecedes($1.key) })
    }

    /// An even number between two bounds, an odd one for a bound itself.
    private static func place(of key: [UInt8], in bounds: [[UInt8]]) -> Int {
        let place = first(bounds.count) { bounds[$0].lexicographicallyPrecedes(key) }
        return 2 * place + (place < bounds.count && bounds[place] == key ? 1 : 0)
    }

    /// The first of so many places for which something does not hold, where it holds for all before it.
    private static func first(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Advisories that affect a version, the worst first, with what policies ask of them.
package final class AdvisorySet: Sendable {
    package let advisories: [Advisory]
    /// Of the worst of those with a severity.
    package let severity: AdvisorySeverity?
    package let hasMalware: Bool
    /// All names, in small letters.
    package let names: Set<String>

    package static let none = AdvisorySet([])

    package init(_ advisories: [Advisory]) {
        self.advisories = advisories
        severity = advisories.compactMap(\.severity).max()
        hasMalware = advisories.contains(where: \.isMalware)
        names = Set(advisories.flatMap { [$0.id] + $0.aliases }.map(ASCII.lowercased))
    }
}
