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
    /// A build is kept whole, and so is the newest one of each kind of file: not every build has all of them, and the metadata names these.
    func superseded(in listing: Listing) -> [AssetPath] {
        guard let count else { return [] }
        var builds: [String: [SnapshotBuild: [AssetPath]]] = [:]
        for record in listing.assets {
            guard let path = MavenPath(record.path), let build = SnapshotBuild(path.fileVersion, of: path.version) else {
                continue
            }
            builds[path.version, default: [:]][build, default: []].append(record.path)
        }
        return builds.sorted { $0.key < $1.key }.flatMap { version, files in
            let named = Set(SnapshotFile.newest(of: version, in: listing).map(\.path.text))
            return files.sorted { $1.key < $0.key }.dropFirst(count).flatMap(\.value).filter { !named.contains($0.text) }
        }
    }
}
