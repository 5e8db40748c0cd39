package import SaveAccess
internal import SaveHTTP
package import SavePlatform
internal import SaveStorage
internal import Synchronization

extension RepositorySources {
    /// What decides which files of a repository clients get. The first rule that withholds a file gives the reason.
    ///
    /// - Parameter time: as of when the repository is read; nil for now.
    package func fileRules(of repository: Repository, asOf time: Timestamp? = nil) -> FileRules {
        FileRules(
            [
                PackageQuarantine(),
                AllowedFileHosts(repository.record.proxy),
            ] + furtherPolicies(repository), processors: processors, clock: clock, counts: policyCounts,
            published: time.map { PublishedBy(time: $0, sightings: FileSightings(store: storage.store, clock: clock, log: log)) })
    }
}

/// The rules of one repository, asked as one.
package struct FileRules: Sendable {
    private let policies: [any FilePolicy]
    private let processors: BlockingPool
    private let clock: PlatformClock
    private let counts: PolicyCounts
    /// Which files there are at all; nil for every one.
    private let published: PublishedBy?

    /// Listings of more files are gone through on a thread that may take its time.
    private static let maxInline = 200

    init(
        _ policies: [any FilePolicy], processors: BlockingPool, clock: PlatformClock, counts: PolicyCounts,
        published: PublishedBy?
    ) {
        self.published = published
        self.counts = counts
        self.policies = policies
        self.processors = processors
        self.clock = clock
    }

    /// Whether a repository is read as it was.
    var isAsOf: Bool { published != nil }

    /// What the rules say of the files of a package, or of files that belong to none.
    ///
    /// - Throws: what a rule throws.
    func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        var verdicts = FileVerdicts.same(.allowed)
        for policy in policies where verdicts.whole?.withholding == nil {
            verdicts = verdicts.and(try await policy.verdicts(on: package))
        }
        return verdicts
    }

    /// Lets a file be given out, or refuses it.
    ///
    /// - Parameter record: the file's, also where one of its sidecars is wanted; nil where nothing is known of the file yet.
    /// - Returns: until when it may be.
    /// - Throws: the error of the rule that withholds it; `SourceMiss` where it was not there at the time that is asked about.
    func admit(_ record: AssetRecord?, of package: PackageFacts) async throws -> CacheValidity {
        var package = package
        package.files = record.map { [$0] } ?? []
        let verdicts = try await verdicts(on: package)
        guard let verdict = record.map({ verdicts($0) }) ?? verdicts.whole else { return CacheValidity() }
        for remark in verdict.remarks { counts.note(remark) }
        if let withholding = verdict.withholding {
            if let decision = withholding.decision { counts.note(decision) }
            throw withholding.error
        }
        // Last: what may not be had now is refused, whatever was then.
        if let record { try await published?.check(record, in: package.repository.record.id) }
        return validity(until: verdict.until)
    }

    /// A listing as clients see it.
    func filter(_ answer: SourcedListing, of package: PackageFacts) async throws -> SourcedListing {
        var (package, answer) = (package, answer)
        if let published {
            answer.listing.assets = try await published.filter(answer.listing.assets, in: package.repository.record.id)
        }
        package.files = answer.listing.assets
        package.listed = answer.listing.assets
        let verdicts = try await verdicts(on: package)
        answer.withholding = verdicts.whole?.withholding
        if let whole = verdicts.whole, whole.withholding == nil {
            answer.validity.merge(validity(until: whole.until))
            return answer
        }
        let listed = answer.listing.assets
        let length = BlockingPool.Length.rendering(listed.count)
        let (shown, until) =
            listed.count > Self.maxInline
            ? try await processors.run(lasting: length) { Self.shown(listed, by: verdicts) } : Self.shown(listed, by: verdicts)
        answer.listing.assets = shown
        answer.validity.merge(validity(until: until))
        return answer
    }

    /// What a page shows of files, and until when.
    static func shown(_ listed: [AssetRecord], by verdicts: FileVerdicts) -> ([AssetRecord], until: Timestamp?) {
        var assets = listed
        var omitted: Set<AssetPath> = []
        var ends: Timestamp?
        for place in assets.indices where assets[place].sidecarOf == nil {
            let verdict = verdicts(assets[place])
            if let until = verdict.until { ends = min(ends ?? until, until) }
            guard let withholding = verdict.withholding else { continue }
            switch withholding.presentation {
            case .omitted: omitted.insert(assets[place].path)
            case .withdrawn: assets[place].withdrawn = Withdrawal(reason: withholding.error.message)
            case .unchanged: break
            }
        }
        if !omitted.isEmpty { assets.removeAll { omitted.contains($0.sidecarOf ?? $0.path) } }
        return (assets, ends)
    }

    private func validity(until end: Timestamp?) -> CacheValidity {
        guard let end else { return CacheValidity() }
        let left = UInt64(max(0, end.microseconds.subtractingReportingOverflow(clock.now().microseconds).partialValue))
        let (nanoseconds, overflow) = left.multipliedReportingOverflow(by: 1000)
        let (uptime, carry) = clock.uptime().addingReportingOverflow(nanoseconds)
        return CacheValidity(validUntil: overflow || carry ? nil : uptime)
    }
}

/// How often policies refused a file, or would have, since the start.
package final class PolicyCounts: Sendable {
    private let counts = Mutex([String: Int]())

    /// What is counted, by name: `deny` for refusals, `warn` and `dry_run` for files that were given out all the same.
    package static let names = ["deny", "warn", "dry_run"]

    func note(_ decision: PolicyDecision) {
        let name = decision.isDryRun ? "dry_run" : decision.action.rawValue
        counts.withLock { $0[name, default: 0] &+= 1 }
    }

    package subscript(name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
}
