internal import SaveDigest
internal import SavePlatform

/// What a page of a project says, in the order in which it says it.
struct SimplePage {
    struct File {
        let record: AssetRecord
        let filename: String
        let filenameBytes: [UInt8]
    }

    let package: PackageID
    let files: [File]
    /// Each version once, oldest first.
    let versions: [String]
    let status: ProjectStatus?
    /// One version of the API for the whole page, the highest that its data satisfy.
    let apiVersion: StaticString
    /// Whether every file has a size, without which the page may not claim version 1.1 (PEP 700).
    let hasSizes: Bool

    init(_ package: PackageID, _ listing: Listing) {
        let status = ProjectStatus(listing.attributes)
        self.package = package
        self.status = status
        var order = VersionOrder()
        // PEP 792: a quarantined project offers no files.
        let listed = status?.marker == .quarantined ? [] : listing.assets.filter { $0.sidecarOf == nil }
        let all = listed.map { record in
            let filename = record.path.filename
            return File(record: record, filename: filename, filenameBytes: Array(filename.utf8))
        }
        let versionIndexes = all.map { order.add($0.record.version ?? "") }
        let ranks = order.ranks()
        // Places are sorted, not the records themselves, which are large to move.
        files =
            all.indices.sorted { left, right in
                let (leftRank, rightRank) = (ranks[versionIndexes[left]], ranks[versionIndexes[right]])
                if leftRank != rightRank { return leftRank < rightRank }
                return all[left].filename < all[right].filename
            }.map { all[$0] }
        versions = order.distinct
        hasSizes = files.allSatisfy { $0.record.size != nil }
        apiVersion = Self.apiVersion(
            hasSizes: hasSizes, hasStatus: status != nil,
            hasProvenance: files.contains { $0.record.attributes[PyPIAttribute.provenance] != nil })
    }

    /// 1.1 needs sizes (PEP 700); 1.3 has provenance (PEP 740), 1.4 the project's status (PEP 792). 1.2 is rejected.
    private static func apiVersion(hasSizes: Bool, hasStatus: Bool, hasProvenance: Bool) -> StaticString {
        guard hasSizes else { return "1.0" }
        return hasStatus ? "1.4" : hasProvenance ? "1.3" : "1.1"
    }

    /// The one digest that a page shows. pip verifies against the first it is given, and SHA-256 is the one that every
    /// client knows.
    static func checksum(_ record: AssetRecord, among algorithms: [DigestAlgorithm]) -> Checksum? {
        for algorithm in algorithms {
            if let found = record.checksums.first(where: { $0.algorithm == algorithm }) { return found }
        }
        return nil
    }
}

/// The versions of a page, each parsed once.
private struct VersionOrder {
    private var indexes: [String: Int] = [:]
    private var texts: [String] = []
    private var parsed: [Version?] = []

    mutating func add(_ text: String) -> Int {
        if let index = indexes[text] { return index }
        indexes[text] = texts.count
        texts.append(text)
        parsed.append(Version(text))
        return texts.count - 1
    }

    /// The place of each version among all: those older than PEP 440 first, in the order of their bytes.
    func ranks() -> [Int] {
        var ranks = [Int](repeating: 0, count: texts.count)
        for (rank, index) in sorted().enumerated() { ranks[index] = rank }
        return ranks
    }

    /// The texts in order, equal versions once.
    var distinct: [String] {
        var result: [String] = []
        var last: Version?
        for index in sorted() where !texts[index].isEmpty {
            if let version = parsed[index] {
                if version == last { continue }
                last = version
            }
            result.append(texts[index])
        }
        return result
    }

    private func sorted() -> [Int] {
        texts.indices.sorted { left, right in
            switch (parsed[left], parsed[right]) {
            case (nil, .some): return true
            case (.some, nil): return false
            case (let first?, let second?) where first != second: return first < second
            default: return texts[left].utf8.lexicographicallyPrecedes(texts[right].utf8)
            }
        }
    }
}
