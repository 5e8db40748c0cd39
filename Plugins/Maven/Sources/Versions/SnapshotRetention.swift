internal import SavePlatform

/// How many builds of each snapshot version stay: the setting `keep_snapshots`. Files without a time in their names have no builds, and stay.
struct SnapshotRetention {
    /// nil for all.
    private let count: Int?

    /// - Throws: `invalidRequest` naming the setting.
    init(_ value: JSONValue?) throws {
        guard let value, !value.isNull else {
            count = nil
            return
        }
        guard let number = value.integer, (1...10_000).contains(number) else {
            throw SaveError.invalid(
                "keep_snapshots", "keep_snapshots: must be a number of builds of each version, 1 to 10000, or null for all")
        }
        count = Int(number)
    }

    /// The files of builds that newer ones have taken the place of.
    ///
    /// Builds come one after another as their first files arrive: what a file is called is its client's word, and one called after a time to come would take
    /// the place of all that really are new. Those that arrived together are told apart by their names.
    ///
    /// A build is kept whole, and so is the newest one of each kind of file: not every build has all of them, and the metadata names these.
    func superseded(in listing: Listing) -> [AssetPath] {
        guard let count else { return [] }
        var builds: [String: [SnapshotBuild: (paths: [AssetPath], arrival: Timestamp)]] = [:]
        for record in listing.assets {
            guard let path = MavenPath(record.path), let build = SnapshotBuild(path.fileVersion, of: path.version) else {
                continue
            }
            let arrival = record.published ?? Timestamp(seconds: 0)
            var known = builds[path.version]?[build] ?? ([], arrival)
            known.paths.append(record.path)
            known.arrival = min(known.arrival, arrival)
            builds[path.version, default: [:]][build] = known
        }
        return builds.sorted { $0.key < $1.key }.flatMap { version, files in
            let named = Set(SnapshotFile.newest(of: version, in: listing).map(\.path.text))
            let newestFirst = files.sorted { left, right in
                left.value.arrival == right.value.arrival ? right.key < left.key : right.value.arrival < left.value.arrival
            }
            return newestFirst.dropFirst(count).flatMap(\.value.paths).filter { !named.contains($0.text) }
        }
    }
}
