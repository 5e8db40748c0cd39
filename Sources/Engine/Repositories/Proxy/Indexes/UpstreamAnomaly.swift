internal import SaveAccess
internal import SaveHTTP
package import SavePlatform
internal import SaveStorage

/// Something that upstreams hardly ever do to a package, and attackers do: somebody should look.
package struct UpstreamAnomaly: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Other bytes under the name of a file.
        case changedFile = "changed_file"
        /// A file that was listed before and is not any more.
        case vanishedFile = "vanished_file"
        /// A new file of a version that was complete long ago. PyPI takes none after 14 days.
        case lateFile = "late_file"
        /// The upstream says now that nothing of the package is to be installed.
        case quarantine
    }

    package let kind: Kind
    /// Some of the files; none for a package as a whole.
    package var files: [AssetPath] = []
    /// All of them.
    package var count = 1
    /// When it was seen.
    package let time: Timestamp

    /// So many files are named.
    static let maxFiles = 20
    /// Seconds from a version's first file to one that comes late.
    static let lateAfter: Int64 = 14 * 86_400

    private init?(_ kind: Kind, _ found: [AssetPath], at time: Timestamp) {
        guard !found.isEmpty else { return nil }
        self.kind = kind
        files = Array(found.sorted().prefix(Self.maxFiles))
        count = found.count
        self.time = time
    }

    private init(quarantineAt time: Timestamp) {
        kind = .quarantine
        self.time = time
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
            guard !known.contains(file.path), let version = file.version, let first = first[version] else { return false }
            return (file.published ?? now).seconds.subtractingReportingOverflow(first.seconds).partialValue >= lateAfter
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

    /// When the first file of each version came.
    private static func firstTimes(_ files: [AssetRecord]) -> [String: Timestamp] {
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

    /// For the audit trail and `explain`.
    package var json: JSONObject {
        [
            "kind": .string(kind.rawValue), "count": .integer(Int64(count)), "files": .array(files.map { .string($0.text) }),
        ]
    }
}
