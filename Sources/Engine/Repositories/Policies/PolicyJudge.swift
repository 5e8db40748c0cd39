package import SaveAccess
package import SaveAdvisories
package import SavePlatform
internal import SaveStorage

/// Matches files of one package with policies, by all that was found out before: the same file, the same verdict.
package struct PolicyJudge: Sendable {
    /// In the order in which they are asked.
    let policies: [RepositoryPolicy]
    /// When files without a time were first seen.
    let seen: [AssetPath: Timestamp]
    /// For each range the versions that are in it.
    let ranges: [String: Set<String>]
    let advisories: PackageAdvisories?
    let affecting: AffectingAdvisories
    /// What orders versions.
    let keys: [String: [UInt8]]
    let now: Timestamp
    /// What was odd about the package; nil where no policy asks.
    var anomalies: PackageAnomalies?

    package init(
        policies: [RepositoryPolicy], seen: [AssetPath: Timestamp], ranges: [String: Set<String>], advisories: PackageAdvisories?,
        affecting: AffectingAdvisories, keys: [String: [UInt8]], now: Timestamp
    ) {
        self.policies = policies
        self.seen = seen
        self.ranges = ranges
        self.advisories = advisories
        self.affecting = affecting
        self.keys = keys
        self.now = now
    }

    /// Whether a policy is about a file.
    private struct Match {
        /// What is told of the file; nil where the policy is not about it.
        var finding: PolicyFinding?
        /// When that changes by itself.
        var until: Timestamp?
    }

    package func verdict(on file: AssetRecord) -> FileVerdict {
        var until: Timestamp?
        var dryRuns: [PolicyDecision] = []
        for policy in policies {
            let match = match(policy, file)
            until = [until, match.until].compactMap(\.self).min()
            guard let finding = match.finding else { continue }
            guard policy.record.isDryRun else { return policy.verdict(finding, until: until, dryRuns: dryRuns) }
            dryRuns.append(finding.decision(by: policy.record))
        }
        return .allowed(by: nil, dryRuns: dryRuns, until: until)
    }

    private func match(_ policy: RepositoryPolicy, _ file: AssetRecord) -> Match {
        let match = policy.record.match
        var finding = PolicyFinding(of: PolicyFinding.subject(file), by: policy.record)
        if let range = match.versions {
            guard let version = file.version, ranges[range]?.contains(version) == true else { return Match() }
        }
        if match.asksAdvisories {
            guard let found = matched(match, file) else { return Match() }
            finding.advisories = found.map(\.id)
            if let worst = found.first { finding.state = PolicyFinding.state(worst) }
        }
        if let kinds = match.upstreamAnomaly {
            guard let kind = anomalies?.first(kinds, of: file) else { return Match() }
            finding.state = finding.state ?? kind.finding
        }
        guard match.youngerThan != nil else { return Match(finding: finding) }
        return aged(policy, file, finding)
    }

    /// The advisories for which a policy is about a version, the worst first; nil where it is not about it.
    private func matched(_ match: PolicyMatch, _ file: AssetRecord) -> [Advisory]? {
        let version = KeyedVersion(file.version ?? "", key: file.version.flatMap { keys[$0] })
        if match.exemptsFixes, advisories?.isFix(version) == true { return nil }
        guard match.asksAffecting else { return [] }
        let affecting = affecting(version)
        var found: [Advisory] = []
        var wanted: [(Advisory) -> Bool] = []
        if match.malware == true { wanted.append(\.isMalware) }
        if let least = match.minSeverity.flatMap(AdvisorySeverity.init(named:)) {
            wanted.append { $0.severity.map { $0 >= least } ?? false }
        }
        if let names = match.advisories { wanted.append { advisory in names.contains(where: advisory.hasName) } }
        for isWanted in wanted {
            let some = affecting.filter(isWanted)
            if some.isEmpty { return nil }
            found += some.filter { advisory in !found.contains { $0.id == advisory.id } }
        }
        return found
    }

    private func aged(_ policy: RepositoryPolicy, _ file: AssetRecord, _ finding: PolicyFinding) -> Match {
        var finding = finding
        let missing = policy.record.match.missingTime ?? .firstSeen
        let start: Timestamp
        if let published = file.published {
            start = published
            finding.age = .since(published)
        } else {
            switch missing {
            case .allow: return Match()
            case .deny:
                finding.age = .unknown
                return Match(finding: finding)
            case .firstSeen:
                // What nobody noted is seen for the first time now.
                start = seen[file.path.plain] ?? now
                finding.age = .firstSeen(start)
            }
        }
        let end = start.adding(seconds: policy.youngerThan)
        guard now < end else { return Match() }
        finding.allowedAfter = end
        finding.now = now
        // The age stands in the reason, which pages show: it is to be true as long as they hold.
        return Match(finding: finding, until: min(end, finding.nextAge ?? end))
    }
}

extension PolicyMatch {
    /// Whether it is about versions that advisories affect, and not only about those that they do not name as mended.
    fileprivate var asksAffecting: Bool { malware != nil || minSeverity != nil || advisories != nil }
}
