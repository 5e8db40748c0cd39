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
        let further = furtherPolicies(repository)
        return FileRules(
            [
                PackageQuarantine(),
                AllowedFileHosts(repository.record.proxy),
            ] + further, processors: processors, clock: clock, counts: policyCounts,
            // What the first two refuse has no numbers.
            refusals: further.isEmpty ? nil : refusals,
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
    /// nil where refusals have no numbers.
    private let refusals: RefusalNumbers?

    /// Listings of more files are gone through on a thread that may take its time.
    private static let maxInline = 200

    init(
        _ policies: [any FilePolicy], processors: BlockingPool, clock: PlatformClock, counts: PolicyCounts,
        refusals: RefusalNumbers?, published: PublishedBy?
    ) {
        self.published = published
        self.counts = counts
        self.refusals = refusals
        self.policies = policies
        self.processors = processors
        self.clock = clock
    }

    /// Whether a repository is read as it was.
    var isAsOf: Bool { published != nil }

    /// What the rules say of the files of a package, or of files that belong to none, for people who ask: a reason has the link that
    /// clients were told, where they were.
    ///
    /// - Throws: what a rule throws.
    func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        let verdicts = try await judged(package)
        guard let refusals else { return verdicts }
        if let whole = verdicts.whole { return .same(await linked(whole, nil, of: package, keepsNew: false)) }
        let subjects = Set(package.files.compactMap { verdicts($0).subject($0, of: package) })
        let numbers = await refusals.numbers(of: subjects, keepsNew: false)
        guard !numbers.isEmpty else { return verdicts }
        return .each { file in verdicts(file).linked(by: numbers, file, of: package, refusals) }
    }

    private func judged(_ package: PackageFacts) async throws -> FileVerdicts {
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
        let verdicts = try await judged(package)
        guard var verdict = record.map({ verdicts($0) }) ?? verdicts.whole else { return CacheValidity() }
        for remark in verdict.remarks { counts.note(remark) }
        let isWhole = verdicts.whole != nil && package.id != nil
        verdict = await linked(verdict, isWhole ? nil : record, of: package, keepsNew: true)
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
        let (id, repository) = (package.id, package.repository.record.id)
        // All of them, also as of a time: the same is asked of a page and of a file.
        package.listed = answer.listing.assets
        if let published {
            answer.listing.assets = try await published.filter(answer.listing.assets, in: package.repository.record.id)
        }
        package.files = answer.listing.assets
        // A store is asked, which the rules need not wait for.
        async let kept = refusals?.numbers(ofPackage: id, in: repository)
        let verdicts = try await judged(package)
        if let whole = verdicts.whole {
            guard whole.withholding != nil else {
                answer.validity.merge(validity(until: whole.until))
                return answer
            }
            // A package without files is no package: its name gets no number.
            let keepsNew = !answer.listing.assets.isEmpty && !package.isQuestion
            answer.withholding = await linked(whole, nil, of: package, keepsNew: keepsNew).withholding
        }
        let listed = JudgedListing(
            files: answer.listing.assets, verdicts: verdicts, package: package, refusals: refusals)
        let known = await kept ?? [:]
        var step = try await calculating(listed.files.count) { listed.step(knowing: known) }
        if case .lacking(let judged, let subjects) = step, let refusals {
            let numbers =
                package.id == nil
                ? await refusals.numbers(of: subjects, keepsNew: true) : await refusals.adding(subjects, to: known)
            step = try await calculating(listed.files.count) { listed.shown(judged, numbers) }
        }
        guard case .shown(let shown, let until) = step else { return answer }
        answer.listing.assets = shown
        answer.validity.merge(validity(until: until))
        return answer
    }

    /// Does what takes its time for many files on a thread that may.
    private func calculating<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable () -> Value) async throws -> Value {
        guard count > Self.maxInline else { return body() }
        return try await processors.run(lasting: BlockingPool.Length.rendering(count)) { body() }
    }

    /// The verdict with its number's link in the reason, where it has one.
    private func linked(
        _ verdict: FileVerdict, _ file: AssetRecord?, of package: PackageFacts, keepsNew: Bool
    ) async -> FileVerdict {
        guard let refusals, let subject = verdict.subject(file, of: package) else { return verdict }
        let numbers = await refusals.numbers(of: [subject], keepsNew: keepsNew)
        return verdict.linked(by: numbers, file, of: package, refusals)
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
