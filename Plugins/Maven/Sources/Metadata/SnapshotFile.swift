internal import SavePlatform

/// A file of a snapshot version.
struct SnapshotFile {
    let path: MavenPath
    /// nil for a file without a time in its name.
    let build: SnapshotBuild?
    /// `20261127191122`.
    let updated: String

    /// An attribute of a file: what an upstream says of `updated`.
    private static let attribute = "updated"

    private init?(_ record: AssetRecord) {
        guard let path = MavenPath(record.path) else { return nil }
        self.path = path
        build = SnapshotBuild(path.fileVersion, of: path.version)
        let published = record.published.map(MavenMetadata.text)
        updated = record.attributes[Self.attribute]?.string ?? build?.updated ?? published ?? "19700101000000"
    }

    static func record(_ file: MavenPath, _ path: AssetPath, updated: String?) -> AssetRecord {
        var record = AssetRecord(
            path: path, package: file.package.id, version: file.version, contentType: MavenContentType.of(file.fileExtension))
        record.attributes[attribute] = updated.map(JSONValue.string)
        record.published = (updated ?? SnapshotBuild(file.fileVersion, of: file.version)?.updated).flatMap(MavenMetadata.time)
        return record
    }

    /// Of each classifier and extension the newest file of a version.
    static func newest(of version: String, in listing: Listing) -> [SnapshotFile] {
        var found: [String: SnapshotFile] = [:]
        for record in listing.assets where record.withdrawn == nil && record.version == version {
            guard let file = SnapshotFile(record) else { continue }
            let key = "\(file.path.classifier ?? "").\(file.path.fileExtension)"
            guard let other = found[key], !file.isNewer(than: other) else {
                found[key] = file
                continue
            }
        }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    private func isNewer(than other: SnapshotFile) -> Bool {
        guard let build, let otherBuild = other.build else { return build != nil }
        return otherBuild < build
    }
}
