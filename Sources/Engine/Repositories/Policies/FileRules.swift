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
            refusals: refusals,
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
        // All of them, also as of a time: the same is asked of a page and of a file.
        package.listed = answer.listing.assets
        if let published {
            answer.listing.assets = try await published.filter(answer.listing.assets, in: package.repository.record.id)
        }
        package.files = answer.listing.assets
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
        let listed = answer.listing.assets
        let isWhole = verdicts.whole != nil && package.id != nil
        let (judged, withheld, subjects) = try await calculating(listed.count) { [facts = package] in
            let judged = Self.judged(listed, by: verdicts)
            let withheld = judged.indices.filter { judged[$0]?.withholding != nil }
            let subjects = withheld.compactMap { judged[$0]?.subject(isWhole ? nil : listed[$0], of: facts) }
            return (judged, withheld, Set(subjects))
        }
        let numbers = await refusals?.numbers(of: subjects, keepsNew: !package.isQuestion) ?? [:]
        let (shown, until) = try await calculating(listed.count) { [facts = package] in
            guard let refusals, !numbers.isEmpty else { return Self.shown(listed, judged) }
            var linked = judged
            for place in withheld {
                linked[place] = judged[place]?.linked(by: numbers, isWhole ? nil : listed[place], of: facts, refusals)
            }
            return Self.shown(listed, linked)
        }
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

    /// The verdict on each file; nil for sidecars.
    private static func judged(_ listed: [AssetRecord], by verdicts: FileVerdicts) -> [FileVerdict?] {
        listed.map { $0.sidecarOf == nil ? verdicts($0) : nil }
    }

    /// What a page shows of files, and until when.
    static func shown(_ listed: [AssetRecord], by verdicts: FileVerdicts) -> ([AssetRecord], until: Timestamp?) {
        shown(listed, judged(listed, by: verdicts))
    }

    private static func shown(_ listed: [AssetRecord], _ verdicts: [FileVerdict?]) -> ([AssetRecord], until: Timestamp?) {
        var assets = listed
        var omitted: Set<AssetPath> = []
        var ends: Timestamp?
        for place in assets.indices {
            if let until = verdicts[place]?.until { ends = min(ends ?? until, until) }
            guard let withholding = verdicts[place]?.withholding else { continue }
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

extension FileVerdict {
    fileprivate func linked(
        by numbers: [RefusalSubject: Int64], _ file: AssetRecord?, of package: PackageFacts, _ refusals: RefusalNumbers
    ) -> FileVerdict {
        guard let number = subject(file, of: package).flatMap({ numbers[$0] }) else { return self }
        return linked(to: refusals.link(number))
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
