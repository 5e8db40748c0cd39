internal import SavePlatform
internal import SaveStorage

/// What was odd about a package of an upstream, as policies ask for it: what is kept of it, and what its listing shows by itself.
struct PackageAnomalies: Sendable {
    private var whole: Set<UpstreamAnomalyKind> = []
    private var files: [AssetPath: Set<UpstreamAnomalyKind>] = [:]
    private let listed: Set<AssetPath>
    /// When the first file of each version was published.
    private let first: [String: Timestamp]

    /// - Parameters:
    ///   - kept: what was seen and is kept.
    ///   - listed: what the upstream lists now.
    init(_ kept: [ObservedAnomaly], listed: [AssetRecord]) {
        let listed = listed.filter { $0.sidecarOf == nil }
        self.listed = Set(listed.map(\.path))
        first = UpstreamAnomaly.firstTimes(listed)
        for anomaly in kept {
            if anomaly.kind != .lookAlikeName, let path = try? AssetPath(anomaly.subject) {
                files[path, default: []].insert(anomaly.kind)
            } else {
                whole.insert(anomaly.kind)
            }
        }
    }

    /// What is odd about a file, of the kinds that are asked for.
    ///
    /// - Parameter asked: none for all kinds.
    func first(_ asked: [String], of file: AssetRecord) -> UpstreamAnomalyKind? {
        UpstreamAnomalyKind.allCases.first { kind in
            (asked.isEmpty || asked.contains(kind.rawValue)) && holds(kind, for: file)
        }
    }

    private func holds(_ kind: UpstreamAnomalyKind, for file: AssetRecord) -> Bool {
        let path = file.path.plain
        let isKept = whole.contains(kind) || files[path]?.contains(kind) ?? false
        switch kind {
        // One that came back did not vanish.
        case .vanishedFile: return isKept && !listed.contains(path)
        case .lateFile:
            guard !isKept, let version = file.version, let time = file.published else { return isKept }
            return UpstreamAnomaly.isLate(time, first[version])
        case .changedFile, .quarantine, .lookAlikeName: return isKept
        }
    }
}

extension UpstreamAnomalyKind {
    /// What is odd about `foo 1.0`, for the reason that clients are told. It names nothing that they may not know of.
    var finding: String {
        switch self {
        case .changedFile: "has other bytes upstream than before"
        case .vanishedFile: "was taken away by its upstream"
        case .lateFile: "has a file that came two weeks or more after its release"
        case .quarantine: "was in quarantine upstream"
        case .lookAlikeName: "has nearly the name of a package that is hosted here"
        }
    }
}
