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

    /// - Throws: `invalidRequest` for a file of a version that the repository does not take.
    func check(_ file: MavenPath) throws {
        switch self {
        case .release where file.isSnapshot:
            throw SaveError(
                .invalidRequest,
                "version: this repository takes releases, and '\(file.version)' is a snapshot: deploy it to one for snapshots",
                details: ["field": "version"])
        case .snapshot where !file.isSnapshot:
            throw SaveError(
                .invalidRequest,
                "version: this repository takes snapshots, and '\(file.version)' is none: deploy it to one for releases",
                details: ["field": "version"])
        case .mixed, .release, .snapshot: break
        }
    }
}
