internal import SaveAccess
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// Something that upstreams hardly ever do to a package, and attackers do: somebody should look.
package struct UpstreamAnomaly: Sendable, Equatable {
    package typealias Kind = UpstreamAnomalyKind

    package let kind: Kind
    /// Some of the files; none for a package as a whole.
    package var files: [AssetPath] = []
    /// How many there are in all.
    package var count = 1
    /// When it was seen.
    package let time: Timestamp
    /// All files, until they are kept.
    private(set) var found: [AssetPath] = []
    /// The hosted package that the name of this one is like. Callers who may read the proxy may not know of it.
    private(set) var likeness: PackageID?

    /// So many files are named.
    static let maxFiles = 20
    /// Seconds from a version's first file to one that comes late.
    static let lateAfter: Int64 = 14 * 86_400

    private init?(_ kind: Kind, _ found: [AssetPath], at time: Timestamp) {
        guard !found.isEmpty else { return nil }
        self.kind = kind
        self.found = found.sorted()
        files = Array(self.found.prefix(Self.maxFiles))
        count = found.count
        self.time = time
    }

    private init(quarantineAt time: Timestamp) {
        kind = .quarantine
        self.time = time
    }

    init(nameLike hosted: PackageID, at time: Timestamp) {
        kind = .lookAlikeName
        likeness = hosted
        self.time = time
    }

    /// What is kept of one kind, seen at one time.
    private init?(kept: [ObservedAnomaly]) {
        guard let first = kept.first else { return nil }
        (kind, time) = (first.kind, first.seen)
        files = kind == .lookAlikeName ? [] : kept.compactMap { try? AssetPath($0.subject) }
        count = kept.count
        files = Array(files.prefix(Self.maxFiles))
    }

    /// What is odd about files of a package.
    ///
    /// - Parameter before: what was known of the upstream's index; nil where nothing was.
    static func find(in after: ReconciledListing, since before: ReconciledListing?, at now: Timestamp) -> [UpstreamAnomaly] {
        var changed = before.map { after.digestsChanged(since: $0.listing) } ?? []
        for (path, listed) in after.changed where after.isListed(path) && before?.changed[path] != listed {
            changed.append(path)
        }
        let found = [UpstreamAnomaly(.changedFile, changed, at: now)]
        guard let before, before.listing != after.listing else { return found.compactMap(\.self) }
        let (listed, kept) = (files(of: before), files(of: after))
        let known = Set(listed.map(\.path)), present = Set(kept.map(\.path))
        let vanished = listed.map(\.path).filter { !present.contains($0) }
        let first = firstTimes(listed)
        let late = kept.filter { file in
            guard !known.contains(file.path), let version = file.version else { return false }
            return isLate(file.published ?? now, first[version])
        }
        return
            (found + [UpstreamAnomaly(.vanishedFile, vanished, at: now), UpstreamAnomaly(.lateFile, late.map(\.path), at: now)])
            .compactMap(\.self)
    }

    /// Whether a package went into quarantine: its format gave its files out before, and does not now.
    static func findQuarantine(
        in after: Listing, since before: Listing?, of repository: Repository, at now: Timestamp
    ) async throws -> UpstreamAnomaly? {
        guard let before, before.attributes != after.attributes, let format = repository.governing else { return nil }
        func isBlocked(_ attributes: JSONObject) async throws -> Bool {
            do {
                try await format.ask { try $0.checkDownload(from: attributes) }
                return false
            } catch let error as SaveError where error.code == .blocked {
                return true
            }
        }
        guard try await isBlocked(after.attributes), try await !isBlocked(before.attributes) else { return nil }
        return UpstreamAnomaly(quarantineAt: now)
    }

    private static func files(of listing: ReconciledListing) -> [AssetRecord] {
        listing.listing.assets.filter { $0.sidecarOf == nil }
    }

    /// Whether a time is that of a file which came late, where the first file of its version came at another.
    static func isLate(_ time: Timestamp, _ first: Timestamp?) -> Bool {
        guard let first else { return false }
        return time.seconds.subtractingReportingOverflow(first.seconds).partialValue >= lateAfter
    }

    /// When the first file of each version came.
    static func firstTimes(_ files: [AssetRecord]) -> [String: Timestamp] {
        var first: [String: Timestamp] = [:]
        for file in files {
            guard let version = file.version, let time = file.published else { continue }
            first[version] = min(first[version] ?? time, time)
        }
        return first
    }
}

extension UpstreamAnomaly {
    /// Whether another one says the same, at any time.
    func isSame(as other: UpstreamAnomaly) -> Bool { kind == other.kind && count == other.count && files == other.files }

    /// The same without what is kept elsewhere.
    var noted: UpstreamAnomaly {
        var copy = self
        copy.found = []
        return copy
    }

    /// What is kept of a package, put together: the last first.
    static func all(of kept: [ObservedAnomaly]) -> [UpstreamAnomaly] {
        Dictionary(grouping: kept) { [$0.kind.rawValue, $0.seen.rfc3339] }.values.compactMap(UpstreamAnomaly.init(kept:))
            .sorted { ($1.time, $0.kind.rawValue) < ($0.time, $1.kind.rawValue) }
    }

    /// For the audit trail.
    var details: JSONObject {
        var details = json
        if let likeness { details["hosted"] = .string(likeness.name) }
        return details
    }

    /// For `explain`.
    package var json: JSONObject {
        [
            "kind": .string(kind.rawValue), "count": .integer(Int64(count)), "files": .array(files.map { .string($0.text) }),
        ]
    }
}
