internal import SaveDigest
internal import SavePlatform

/// What a page of a project says, in the order in which it says it.
struct SimplePage {
    let package: PackageID
    /// By version, the oldest first, and by name within one.
    let files: [AssetRecord]
    /// Each version once, oldest first.
    let versions: [String]
    let status: ProjectStatus?
    /// The number of the project's last change.
    let serial: Int64?
    /// One version of the API for the whole page, the highest that its data satisfy; without namespaces (`Namespaces`).
    let apiVersion: StaticString
    /// Whether every file has a size, without which the page may not claim version 1.1 (PEP 700).
    let hasSizes: Bool

    init(_ package: PackageID, _ listing: Listing) {
        let status = ProjectStatus(listing.attributes)
        self.package = package
        self.status = status
        serial = listing.serial
        // PEP 792: a quarantined project offers no files.
        let offered = status?.marker == .quarantined ? [] : listing.assets
        let listed = offered.contains { $0.sidecarOf != nil } ? offered.filter { $0.sidecarOf == nil } : offered
        var order = VersionOrder()
        let versionIndexes = listed.map { order.add($0.version ?? "") }
        let sorted = order.sorted()
        files = Self.sorted(listed, by: versionIndexes.map { sorted.ranks[$0] })
        versions = sorted.distinct
        hasSizes = listed.allSatisfy { $0.size != nil }
        // 1.1 needs all sizes (PEP 700). What came later may be absent: no provenance (PEP 740), a status that is "active"
        // unless something else is said (PEP 792).
        apiVersion = hasSizes ? "1.4" : "1.0"
    }

    /// The files by rank, then by path. Places are sorted, not the records, which are large to move.
    private static func sorted(_ files: [AssetRecord], by ranks: [Int]) -> [AssetRecord] {
        let order = files.indices.sorted { left, right in
            ranks[left] != ranks[right] ? ranks[left] < ranks[right] : files[left].path < files[right].path
        }
        return order.map { files[$0] }
    }

    /// The one digest that a page shows. pip verifies against the first it is given, and SHA-256 is the one that every
    /// client knows.
    static func checksum(_ record: AssetRecord, among algorithms: [DigestAlgorithm]) -> Checksum? {
        for algorithm in algorithms {
            if let found = record.checksums[algorithm] { return found }
        }
        return nil
    }
}

/// The versions of a page, each parsed once.
private struct VersionOrder {
    private var indexes: [String: Int] = [:]
    private var texts: [String] = []
    /// `Version.sortKey`; empty, and so before all others, for what is older than PEP 440.
    private var keys: [[UInt8]] = []

    /// The place of a version among those that were added.
    mutating func add(_ text: String) -> Int {
        // Files of one version mostly come one after another.
        if let last = texts.last, ASCII.isEqual(last, text) { return texts.count - 1 }
        if let index = indexes[text] { return index }
        indexes[text] = texts.count
        texts.append(text)
        keys.append(Version.sortKey(of: text) ?? [])
        return texts.count - 1
    }

    /// `ranks`: the place of each version in the order of all, those older than PEP 440 first, by their bytes.
    /// `distinct`: the texts in that order, equal versions once.
    func sorted() -> (ranks: [Int], distinct: [String]) {
        let order = texts.indices.sorted(by: precedes)
        var ranks = [Int](repeating: 0, count: texts.count)
        var distinct: [String] = []
        var last: [UInt8] = []
        for (rank, index) in order.enumerated() {
            ranks[index] = rank
            guard !texts[index].isEmpty, keys[index].isEmpty || keys[index] != last else { continue }
            last = keys[index]
            distinct.append(texts[index])
        }
        return (ranks, distinct)
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        if keys[left] != keys[right] { return keys[left].lexicographicallyPrecedes(keys[right]) }
        return texts[left].utf8.lexicographicallyPrecedes(texts[right].utf8)
    }
}
