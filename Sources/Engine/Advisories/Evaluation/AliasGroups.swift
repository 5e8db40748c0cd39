internal import SavePlatform

/// Which records are about the same. "Aliases should be considered symmetric and transitive" (OSV schema, `aliases`), so records that
/// are connected by names, in whatever circles, are one advisory.
enum AliasGroups {
    /// A number for each advisory, the same for those that are connected.
    static func numbers(of advisories: [Advisory]) -> [Int] {
        var parents = Array(advisories.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parents[index] != index {
                parents[index] = parents[parents[index]]
                index = parents[index]
            }
            return index
        }
        var owners: [String: Int] = [:]
        for (index, advisory) in advisories.enumerated() {
            for name in [advisory.id] + advisory.aliases {
                let name = ASCII.lowercased(name)
                if let owner = owners[name] { parents[root(index)] = root(owner) } else { owners[name] = index }
            }
        }
        return advisories.indices.map(root)
    }

    /// One advisory for all records of it; nil for none.
    static func merged(_ records: [Advisory]) -> Advisory? {
        let records = records.sorted { (rank($0), $0.id) < (rank($1), $1.id) }
        guard let first = records.first, records.count > 1 else { return records.first }
        let names = Set(records.flatMap { [$0.id] + $0.aliases }).subtracting([first.id])
        var fixed: [String] = []
        var seen: Set<String> = []
        for version in records.flatMap(\.fixedVersions) where seen.insert(version).inserted { fixed.append(version) }
        return Advisory(
            id: first.id, aliases: names.sorted(), summary: records.first { !$0.summary.isEmpty }?.summary ?? "",
            severity: records.compactMap(\.severity).max(), isMalware: records.contains(where: \.isMalware), fixedVersions: fixed,
            published: records.compactMap(\.published).min(), modified: records.compactMap(\.modified).max())
    }

    /// Which record gives the id: that of malware, then the one with the most to read.
    private static func rank(_ advisory: Advisory) -> Int {
        let order = ["MAL-", "GHSA-", "PYSEC-", "CVE-"]
        return order.firstIndex { advisory.id.utf8.starts(with: $0.utf8) } ?? order.count
    }
}
