package import SaveAccess
package import SaveAdvisories
package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// The policies of administrators and owners that count for the files of a repository.
///
/// All that has to be waited for is found out once for a package: when files were first seen, which versions a range has, what
/// advisories say. Each file is then judged by the policies in their order, and the first that matches decides.
package struct AdministratorPolicies: FilePolicy {
    private let selection: PolicySelection
    private let sightings: FileSightings
    private let ecosystem: String?
    private let advisories: any AdvisoryLookup
    private let licenses: LicenseReader
    private let clock: PlatformClock

    /// What gives each repository the rule that its policies are; none where it has no policies.
    package static func rules(
        store: any MetadataStore, formats: FormatRegistry, advisories: any AdvisoryLookup, licenses: LicenseReader,
        clock: PlatformClock, log: Log
    ) -> @Sendable (Repository) -> [any FilePolicy] {
        { repository in
            guard !repository.policies.isEmpty else { return [] }
            let sightings = FileSightings(store: store, clock: clock, log: log)
            return [
                AdministratorPolicies(
                    selection: repository.selection, sightings: sightings,
                    ecosystem: formats.ecosystem(of: repository.record.format)?.name, advisories: advisories,
                    licenses: licenses, clock: clock)
            ]
        }
    }

    package func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        let relevant = selection.about(package.id)
        guard let first = relevant.first else { return .same(.allowed) }
        let now = package.time ?? clock.now()
        let waivers = try await waivers(package, relevant, at: now)
        if first.record.match.isAboutWholePackages, !first.record.isDryRun, waivers[first.record.id] == nil {
            return .same(first.verdict(PolicyFinding(of: package.id?.name ?? "this file", by: first.record)))
        }
        // A store and a format are asked, which do not wait for each other.
        async let known = known(package, relevant)
        async let ranges = ranges(package, relevant)
        let seen = try await seen(package, relevant)
        let (advisories, keys) = try await known
        var judge = PolicyJudge(
            policies: relevant, seen: seen, ranges: try await ranges, advisories: advisories,
            affecting: { advisories?.set(affecting: $0) ?? .none }, keys: keys, waivers: waivers, now: now)
        judge.anomalies = try await anomalies(package, relevant)
        if relevant.contains(where: { $0.record.match.licenses != nil }) {
            judge.licenses = try await licenses.licenses(of: package)
        }
        return .each { [judge] in judge.verdict(on: $0) }
    }

    // MARK: What has to be waited for

    private func seen(_ package: PackageFacts, _ policies: [RepositoryPolicy]) async throws -> [AssetPath: Timestamp] {
        let isAsked = policies.contains { policy in
            policy.record.match.youngerThan != nil && policy.record.match.missingTime ?? .firstSeen == .firstSeen
        }
        guard isAsked else { return [:] }
        let files = package.files.filter { $0.published == nil && $0.sidecarOf == nil }
        guard !files.isEmpty else { return [:] }
        return try await sightings.times(of: files, in: package.repository.record.id, keepsNew: !package.isQuestion)
    }

    /// For each range the versions of the package that are in it.
    private func ranges(_ package: PackageFacts, _ policies: [RepositoryPolicy]) async throws -> [String: Set<String>] {
        let asked = Set(policies.compactMap(\.record.match.versions))
        guard !asked.isEmpty, let format = package.repository.versioning else { return [:] }
        let versions = Set(package.files.compactMap(\.version))
        return try await format.ask { format in
            var found: [String: Set<String>] = [:]
            // Each version by all ranges: a format reads what it was asked about last once.
            for version in versions {
                for range in asked where try format.range(range, contains: version) { found[range, default: []].insert(version) }
            }
            return found
        }
    }

    /// The waivers of the package that count, by their policies.
    private func waivers(
        _ package: PackageFacts, _ policies: [RepositoryPolicy], at now: Timestamp
    ) async throws -> [Int64: [CountingWaiver]] {
        guard policies.contains(where: { !$0.waivers.isEmpty }) else { return [:] }
        let versions = Set(package.files.compactMap(\.version))
        let format = package.repository.versioning
        var found: [Int64: [CountingWaiver]] = [:]
        for policy in policies {
            for waiver in policy.waivers where waiver.package == package.id && now < waiver.until {
                let covered: Set<String>?
                switch waiver.versions {
                case .all: covered = nil
                case .one(let text, let key):
                    covered =
                        try await format?.ask { format in
                            versions.filter { $0 == text || key != nil && format.sortKey(of: $0) == key }
                        } ?? versions.filter { $0 == text }
                case .range(let range):
                    covered =
                        try await format?.ask { format in
                            try versions.filter { try format.range(range, contains: $0) }
                        } ?? []
                }
                found[policy.record.id, default: []].append(CountingWaiver(waiver, versions: covered))
            }
        }
        return found.mapValues { $0.sorted { $0.until > $1.until } }
    }

    /// The advisories of the package, and what orders its versions where there are some.
    private func known(
        _ package: PackageFacts, _ policies: [RepositoryPolicy]
    ) async throws -> (PackageAdvisories?, keys: [String: [UInt8]]) {
        guard policies.contains(where: \.record.match.asksAdvisories), let id = package.id, let ecosystem else {
            return (nil, [:])
        }
        let known = try await advisories.advisories(of: id, in: ecosystem)
        return (known, known.isEmpty ? [:] : try await keys(package))
    }

    private func anomalies(_ package: PackageFacts, _ policies: [RepositoryPolicy]) async throws -> PackageAnomalies? {
        guard policies.contains(where: { $0.record.match.upstreamAnomaly != nil }), let id = package.id else { return nil }
        let repository = package.repository.record.id
        let kept = try await sightings.store.read { try $0.anomalies(repository, package: id) }
        return PackageAnomalies(kept, listed: package.listed)
    }

    private func keys(_ package: PackageFacts) async throws -> [String: [UInt8]] {
        guard let format = package.repository.versioning else { return [:] }
        let versions = Set(package.files.compactMap(\.version))
        return try await format.ask { format in
            var keys: [String: [UInt8]] = [:]
            for version in versions { keys[version] = format.sortKey(of: version) }
            return keys
        }
    }
}

extension PolicyMatch {
    /// Whether it does not tell the files of a package from each other.
    fileprivate var isAboutWholePackages: Bool {
        versions == nil && youngerThan == nil && upstreamAnomaly == nil && licenses == nil && !asksAdvisories
    }
}

extension RepositoryPolicy {
    /// What becomes of a file that it matches.
    func verdict(_ finding: PolicyFinding, until end: Timestamp? = nil, dryRuns: [PolicyDecision] = []) -> FileVerdict {
        let decision = finding.decision(by: record)
        guard record.action == .deny else { return .allowed(by: decision, dryRuns: dryRuns, until: end) }
        let withholding = Withholding(
            by: decision, finding: finding.text, presentation: record.presentation == .omit ? .omitted : .withdrawn)
        return .withheld(withholding, dryRuns: dryRuns, until: end)
    }
}
