package import SaveAccess
package import SaveAdvisories
package import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Matches files of one package with policies, by all that was found out before: the same file, the same verdict.
///
/// A page has a thousand files and a server hundreds of policies, of which few are about any of them. So what is the same for all files of a
/// version is found out once, and for all versions that are alike: that the same advisories affect, and that are in the same ranges.
package struct PolicyJudge: Sendable {
    /// In the order in which they are asked.
    private let policies: [RepositoryPolicy]
    /// When files without a time were first seen.
    private let seen: [AssetPath: Timestamp]
    /// The ranges that each version is in.
    private let ranges: [String: [String]]
    private let advisories: PackageAdvisories?
    private let affecting: @Sendable (KeyedVersion) -> AdvisorySet
    private let asksAffecting: Bool
    private let asksFixes: Bool
    /// What orders versions.
    private let keys: [String: [UInt8]]
    private let now: Timestamp
    /// Those that count for the package, by their policies, the last to end first.
    private let waivers: [Int64: [CountingWaiver]]
    /// What was odd about the package; nil where no policy asks.
    var anomalies: PackageAnomalies?
    /// The same of licences.
    var licenses: PackageLicenses?
    private let memory = Memory()

    /// - Parameters:
    ///   - ranges: for each range the versions that are in it.
    ///   - affecting: the advisories that affect a version.
    package init(
        policies: [RepositoryPolicy], seen: [AssetPath: Timestamp], ranges: [String: Set<String>], advisories: PackageAdvisories?,
        affecting: @escaping @Sendable (KeyedVersion) -> AdvisorySet, keys: [String: [UInt8]],
        waivers: [Int64: [CountingWaiver]] = [:], now: Timestamp
    ) {
        self.waivers = waivers
        self.policies = policies
        self.seen = seen
        var rangesOfVersions: [String: [String]] = [:]
        for (range, versions) in ranges.sorted(by: { $0.key < $1.key }) {
            for version in versions { rangesOfVersions[version, default: []].append(range) }
        }
        self.ranges = rangesOfVersions
        self.advisories = advisories
        self.affecting = affecting
        asksAffecting = policies.contains { $0.record.match.asksAffectingAdvisories }
        asksFixes = policies.contains { $0.record.match.exemptsFixes }
        self.keys = keys
        self.now = now
    }

    /// A policy that is about a version, whatever the age of its files.
    private final class Candidate: Sendable {
        let policy: RepositoryPolicy
        /// For which it is about the version, the worst first.
        let advisories: [Advisory]
        /// Seconds; 0 where it asks for no age.
        let youngerThan: Int64
        /// What its upstream must have done oddly; nil where it asks for nothing of that.
        let anomalies: [String]?
        let asksLicenses: Bool

        init(_ policy: RepositoryPolicy, _ advisories: [Advisory]) {
            self.policy = policy
            self.advisories = advisories
            youngerThan = policy.youngerThan
            anomalies = policy.record.match.upstreamAnomaly
            asksLicenses = policy.record.match.licenses != nil
        }
    }

    /// The policies that are about a version.
    private final class Candidates: Sendable {
        let all: [Candidate]
        /// Those that ask for no age.
        let ageless: [Candidate]
        /// The longest age that one of them asks for, in seconds.
        let longest: Int64
        /// By which they were found.
        let affecting: AdvisorySet

        init(_ all: [Candidate], affecting: AdvisorySet) {
            self.all = all
            ageless = all.filter { $0.youngerThan == 0 }
            longest = all.map(\.youngerThan).max() ?? 0
            self.affecting = affecting
        }
    }

    /// What policies tell versions from each other by.
    private struct Likeness: Hashable {
        let affecting: ObjectIdentifier
        let ranges: [String]
        let isFix: Bool
    }

    private final class Memory: Sendable {
        let versions = Mutex<[String?: Candidates]>([:])
        let likenesses = Mutex<[Likeness: Candidates]>([:])
    }

    /// Whether a policy is about a file.
    private struct Match {
        /// What is told of the file; nil where the policy is not about it.
        var finding: PolicyFinding?
        /// When that changes by itself.
        var until: Timestamp?
    }

    package func verdict(on file: AssetRecord) -> FileVerdict {
        let candidates = candidates(for: file.version)
        // Most files are older than any policy asks for.
        let isOld = file.published.map { now >= $0.adding(seconds: candidates.longest) } ?? false
        let asked = isOld ? candidates.ageless : candidates.all
        guard !asked.isEmpty else { return .allowed }
        var until: Timestamp?
        var dryRuns: [PolicyDecision] = []
        var applied: [AppliedWaiver] = []
        for candidate in asked {
            let policy = candidate.policy
            let (match, waiver) = waived(match(candidate, file), candidate, file, candidates.affecting)
            if let end = match.until { until = min(until ?? end, end) }
            if let waiver, !policy.record.isDryRun { applied.append(waiver) }
            guard let finding = match.finding else { continue }
            guard policy.record.isDryRun else {
                return policy.verdict(finding, until: until, dryRuns: dryRuns).passing(applied)
            }
            dryRuns.append(finding.decision(by: policy.record))
        }
        return .allowed(by: nil, dryRuns: dryRuns, until: until).passing(applied)
    }

    /// What is left of a match when waivers are looked at: it ends with them at the latest.
    ///
    /// - Parameter affecting: the advisories that affect the file's version.
    private func waived(
        _ match: Match, _ candidate: Candidate, _ file: AssetRecord, _ affecting: AdvisorySet
    ) -> (Match, AppliedWaiver?) {
        let record = candidate.policy.record
        guard match.finding != nil, record.action == .deny, let all = waivers[record.id] else { return (match, nil) }
        let covering = all.filter { $0.covers(file) }
        guard let last = covering.first else { return (match, nil) }
        func passed(_ waiver: CountingWaiver, _ end: Timestamp) -> (Match, AppliedWaiver?) {
            let end = match.until.map { min($0, end) } ?? end
            return (Match(until: end), AppliedWaiver(id: waiver.id, policy: record.name, until: waiver.until))
        }
        if let whole = covering.first(where: \.advisories.isEmpty) { return passed(whole, whole.until) }
        let names = covering.flatMap(\.advisories)
        let end = covering.map(\.until).min() ?? last.until
        let others = affecting.advisories.filter { advisory in !names.contains(where: advisory.hasName) }
        guard let found = asked(candidate.policy, of: AdvisorySet(others)) else { return passed(last, end) }
        var rest = self.match(Candidate(candidate.policy, found), file)
        rest.until = rest.until.map { min($0, end) } ?? end
        return (rest, nil)
    }

    private func candidates(for version: String?) -> Candidates {
        if let known = memory.versions.withLock({ $0[version] }) { return known }
        let keyed = KeyedVersion(version ?? "", key: version.flatMap { keys[$0] })
        let affecting = asksAffecting ? affecting(keyed) : .none
        let likeness = Likeness(
            affecting: ObjectIdentifier(affecting), ranges: version.flatMap { ranges[$0] } ?? [],
            isFix: asksFixes && advisories?.isFix(keyed) == true)
        let found =
            memory.likenesses.withLock { $0[likeness] }
            ?? Candidates(
                policies.compactMap { policy in matched(policy, likeness, affecting).map { Candidate(policy, $0) } },
                affecting: affecting)
        memory.likenesses.withLock { $0[likeness] = found }
        memory.versions.withLock { $0[version] = found }
        return found
    }

    private func match(_ candidate: Candidate, _ file: AssetRecord) -> Match {
        var state: String?
        if candidate.asksLicenses {
            state = licenses?.finding(candidate.policy.record, on: file)
            guard state != nil else { return Match() }
        }
        if let kinds = candidate.anomalies {
            guard let kind = anomalies?.first(kinds, of: file) else { return Match() }
            state = state ?? kind.finding
        }
        guard candidate.youngerThan > 0 else { return Match(finding: finding(candidate, file, state)) }
        return aged(candidate, file, state)
    }

    /// Words are made for what is told of a file only.
    ///
    /// - Parameter state: what is said of the file itself.
    private func finding(_ candidate: Candidate, _ file: AssetRecord, _ state: String?) -> PolicyFinding {
        var finding = PolicyFinding(of: PolicyFinding.subject(file), by: candidate.policy.record)
        finding.advisories = candidate.advisories.map(\.id)
        finding.state = candidate.advisories.first.map(PolicyFinding.state) ?? state
        return finding
    }

    /// The advisories for which a policy is about versions, the worst first; nil where it is not about them.
    private func matched(_ policy: RepositoryPolicy, _ versions: Likeness, _ affecting: AdvisorySet) -> [Advisory]? {
        guard policy.isAboutVersions else { return [] }
        let match = policy.record.match
        if let range = match.versions, !versions.ranges.contains(range) { return nil }
        if match.exemptsFixes, versions.isFix { return nil }
        return asked(policy, of: affecting)
    }

    /// The advisories that a policy asks for, of those that affect versions; nil where it asks for some that are not there.
    private func asked(_ policy: RepositoryPolicy, of affecting: AdvisorySet) -> [Advisory]? {
        let match = policy.record.match
        guard match.asksAffectingAdvisories else { return [] }
        var wanted: [(Advisory) -> Bool] = []
        if match.malware == true {
            guard affecting.hasMalware else { return nil }
            wanted.append(\.isMalware)
        }
        if let least = match.minSeverity.flatMap(AdvisorySeverity.init(named:)) {
            guard let worst = affecting.severity, worst >= least else { return nil }
            wanted.append { $0.severity.map { $0 >= least } ?? false }
        }
        if let names = match.advisories {
            guard policy.advisoryNames.contains(where: affecting.names.contains) else { return nil }
            wanted.append { advisory in names.contains(where: advisory.hasName) }
        }
        var found: [Advisory] = []
        for isWanted in wanted {
            let some = affecting.advisories.filter(isWanted)
            if some.isEmpty { return nil }
            found += some.filter { advisory in !found.contains { $0.id == advisory.id } }
        }
        return found
    }

    private func aged(_ candidate: Candidate, _ file: AssetRecord, _ state: String?) -> Match {
        let start: Timestamp
        let age: PolicyFinding.Age
        if let published = file.published {
            start = published
            age = .since(published)
        } else {
            switch candidate.policy.record.match.missingTime ?? .firstSeen {
            case .allow: return Match()
            case .deny:
                var finding = finding(candidate, file, state)
                finding.age = .unknown
                return Match(finding: finding)
            case .firstSeen:
                // What nobody noted is seen for the first time now.
                start = seen[file.path.plain] ?? now
                age = .firstSeen(start)
            }
        }
        let end = start.adding(seconds: candidate.youngerThan)
        guard now < end else { return Match() }
        var finding = finding(candidate, file, state)
        finding.age = age
        finding.allowedAfter = end
        finding.now = now
        // The age stands in the reason, which pages show: it is to be true as long as they hold.
        return Match(finding: finding, until: min(end, finding.nextAge ?? end))
    }
}

/// A waiver that counts for a package now, with the versions of the package that it is about.
package struct CountingWaiver: Sendable {
    let id: Int64
    let until: Timestamp
    let advisories: [String]
    /// nil for all files of the package.
    let versions: Set<String>?

    package init(_ waiver: RepositoryWaiver, versions: Set<String>?) {
        (id, until, advisories) = (waiver.id, waiver.until, waiver.advisories)
        self.versions = versions
    }

    func covers(_ file: AssetRecord) -> Bool {
        guard let versions else { return true }
        return file.version.map(versions.contains) ?? false
    }
}
