public import SavePlatform
internal import SaveVersions

extension NpmFormat: PackageVersioning {
    public static var ecosystem: String { "npm" }
    public static var purlType: String { "npm" }

    public func sortKey(of version: String) -> [UInt8]? { SemanticVersion(npm: version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try ranges.range(range, contains: version)
    }

    /// - Throws: `invalidRequest` for what is no range.
    static func range(_ text: String) throws -> VersionRange {
        if let range = VersionRange(npm: text) { return range }
        let shown = text.prefix(80)
        guard text.utf8.count <= VersionRange.maxBytesOfNpm else {
            throw SaveError(.invalidRequest, "'\(shown)…' is longer than \(VersionRange.maxBytesOfNpm) bytes: split the range")
        }
        throw SaveError(
            .invalidRequest, "'\(shown)' is no range of versions: write one such as >=1.2.0 <2.0.0 or ^1.2.0 (npm's semver)")
    }
}
