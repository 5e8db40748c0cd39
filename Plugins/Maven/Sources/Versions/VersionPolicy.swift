internal import SavePlatform

/// Which versions a hosted repository takes: the setting `versions`.
enum VersionPolicy: String {
    case mixed, release, snapshot

    /// - Throws: `invalidRequest` naming the setting.
    init(_ value: JSONValue?) throws {
        guard let value, !value.isNull else {
            self = .mixed
            return
        }
        guard let policy = value.string.flatMap(VersionPolicy.init(rawValue:)) else {
            throw SaveError.invalid("versions", "versions: must be mixed, release or snapshot")
        }
        self = policy
    }

    /// - Throws: `invalidRequest` for a file of a version that the repository does not take, or that is in the folder of a version without being a file of it.
    func check(_ path: AssetPath) throws {
        guard self != .mixed else { return }
        let segments = path.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard segments.count >= 2 else { return }
        let version = segments[segments.count - 2]
        // Maven takes a version for a snapshot by its end, in capitals or not (ArtifactUtils.isSnapshot).
        let isSnapshot = version.utf8.suffix(8).map(ASCII.lowercased).elementsEqual("snapshot".utf8)
        guard MavenPath(path) != nil else {
            let isNamedForArtifact =
                segments.count >= 4 && path.filename.utf8.starts(with: (segments[segments.count - 3] + "-").utf8)
            guard isSnapshot || isNamedForArtifact else { return }
            throw SaveError(
                .invalidRequest,
                "version: '\(path.filename)' is no file of the version '\(version)', and this repository takes some versions only: name it as Maven does",
                details: ["field": "version"])
        }
        switch self {
        case .release where isSnapshot:
            throw SaveError(
                .invalidRequest,
                "version: this repository takes releases, and '\(version)' is a snapshot: deploy it to one for snapshots",
                details: ["field": "version"])
        case .snapshot where !isSnapshot:
            throw SaveError(
                .invalidRequest,
                "version: this repository takes snapshots, and '\(version)' is none: deploy it to one for releases",
                details: ["field": "version"])
        case .mixed, .release, .snapshot: break
        }
    }
}
