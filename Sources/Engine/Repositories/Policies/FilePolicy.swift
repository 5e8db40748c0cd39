package import SaveAccess
package import SavePlatform
package import SaveStorage

/// A rule that keeps files of a repository from clients: a package in quarantine, a file on a host that is not allowed.
///
/// It is asked when a listing is made or a file is opened, not for a page or a file that is in memory: until when these hold follows
/// from its verdicts. It is asked for a package and not for each file, because it may have to ask the format or a store; what it
/// gives back judges each file without waiting. Page, file, sidecar, group and `explain` get the same verdict from it, so it must
/// go by what it is given: the same facts, the same verdict, until that ends.
///
///     struct NoNightlyBuilds: FilePolicy {
///         func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
///             .each { file in
///                 guard file.version?.contains("dev") == true else { return .allowed }
///                 let error = SaveError(.blocked, "nightly builds are not given out: ask for a release")
///                 return .withheld(Withholding(by: "nightly", error, presentation: .omitted))
///             }
///         }
///     }
///
/// A rule begins to count with its line in `RepositorySources.fileRules(of:asOf:)`. Where something changes by which it decides, the code that changes
/// that says so of the repository (`RepositoryAdministration.contentChanged(in:package:)`), as of any change that pages show.
package protocol FilePolicy: Sendable {
    /// What the rule says of the files of a package, or of files that belong to none.
    ///
    /// - Throws: where that cannot be known; then neither the page nor the file is answered.
    func verdicts(on package: PackageFacts) async throws -> FileVerdicts
}

/// What is known of files that are judged together: those of a package, or of a directory.
package struct PackageFacts: Sendable {
    /// Where they are: hosted, or a proxy (`Repository.record`).
    package let repository: Repository
    /// nil for files without a package.
    package let id: PackageID?
    /// What is said of the package as a whole, by its upstream or by the people here (`Listing.attributes`).
    package let attributes: JSONObject
    /// The files that will be judged, as the page has them: what a rule finds out of each beforehand is asked for at once.
    package var files: [AssetRecord]
    /// All that the repository lists of the package, as far as that is known: what else there is of a version tells of a file.
    package var listed: [AssetRecord]
    /// Somebody only asks what would be: nothing is noted.
    package let isQuestion: Bool
    /// When it is asked for; nil for now. A question may be about what was.
    package let time: Timestamp?

    package init(
        repository: Repository, id: PackageID?, attributes: JSONObject = JSONObject(), files: [AssetRecord] = [],
        listed: [AssetRecord] = [], isQuestion: Bool = false, time: Timestamp? = nil
    ) {
        self.isQuestion = isQuestion
        self.time = time
        self.repository = repository
        self.id = id
        self.attributes = attributes
        self.files = files
        self.listed = listed
    }
}

/// What becomes of each file of a package.
package enum FileVerdicts: Sendable {
    /// The same of every file, whichever there are.
    case same(FileVerdict)
    /// Each by itself. The record is as the page has it: with its version, its digests, when it was published, and of an upstream's
    /// where that keeps it (`AssetRecord.origin`). It is never a sidecar's: what describes a file goes with it.
    case each(@Sendable (AssetRecord) -> FileVerdict)

    /// The verdict on one file.
    package func callAsFunction(_ record: AssetRecord) -> FileVerdict {
        switch self {
        case .same(let verdict): verdict
        case .each(let judge): judge(record)
        }
    }

    /// The verdict on all files, where that is one.
    package var whole: FileVerdict? {
        guard case .same(let verdict) = self else { return nil }
        return verdict
    }

    /// These, where they allow a file, and those of a rule that is asked after this one.
    func and(_ next: FileVerdicts) -> FileVerdicts {
        // Most rules have nothing to say of most packages, and a page has thousands of files.
        if case .same(let first) = self, first.isPlain { return next }
        if case .same(let second) = next, second.isPlain { return self }
        if case .same(let first) = self, case .same(let second) = next { return .same(first.and(second)) }
        return .each { self($0).and(next($0)) }
    }
}

extension AssetRecord {
    /// The record that a file is judged by: its own, or of a sidecar that of the file it describes.
    func judged(as file: (AssetPath) throws -> AssetRecord?) rethrows -> AssetRecord {
        guard let described = sidecarOf else { return self }
        return try file(described) ?? AssetRecord(path: described, package: package, version: version)
    }
}

/// Whether clients get a file.
package struct FileVerdict: Sendable {
    /// Why they do not; nil where they do.
    package let withholding: Withholding?
    /// When the verdict ends by itself; nil for never. What was made by it holds no longer than that.
    package let until: Timestamp?
    /// The policy that decided; nil where none is about the file.
    package private(set) var decision: PolicyDecision?
    /// What policies would have done that are tried out.
    package private(set) var dryRuns: [PolicyDecision] = []
    /// The waivers by which policies were passed over that would have decided otherwise.
    package private(set) var waivers: [AppliedWaiver] = []

    private init(_ withholding: Withholding?, until: Timestamp?) {
        self.withholding = withholding
        self.until = until
    }

    static func allowed(by decision: PolicyDecision?, dryRuns: [PolicyDecision], until end: Timestamp?) -> FileVerdict {
        var verdict = FileVerdict(nil, until: end)
        (verdict.decision, verdict.dryRuns) = (decision, dryRuns)
        return verdict
    }
    static func withheld(_ withholding: Withholding, dryRuns: [PolicyDecision], until end: Timestamp?) -> FileVerdict {
        var verdict = FileVerdict(withholding, until: end)
        (verdict.decision, verdict.dryRuns) = (withholding.decision, dryRuns)
        return verdict
    }

    /// The same, where waivers had policies passed over first.
    func passing(_ waivers: [AppliedWaiver]) -> FileVerdict {
        var verdict = self
        verdict.waivers = waivers
        return verdict
    }

    /// The same, with a link behind the reason.
    func linked(to link: String) -> FileVerdict {
        guard let withholding else { return self }
        var verdict = FileVerdict(withholding.linked(to: link), until: until)
        (verdict.decision, verdict.dryRuns, verdict.waivers) = (decision, dryRuns, waivers)
        return verdict
    }

    /// What is told of a file that is given out: a warning, and what policies would have done that are tried out.
    package var remarks: [PolicyDecision] {
        guard withholding == nil else { return dryRuns }
        return (decision.map { $0.action == .warn ? [$0] : [] } ?? []) + dryRuns
    }

    /// Whether it allows a file for good, and says nothing else.
    fileprivate var isPlain: Bool {
        withholding == nil && until == nil && decision == nil && dryRuns.isEmpty && waivers.isEmpty
    }

    package static let allowed = FileVerdict(nil, until: nil)
    package static func allowed(until end: Timestamp) -> FileVerdict { FileVerdict(nil, until: end) }
    package static func withheld(_ withholding: Withholding, until end: Timestamp? = nil) -> FileVerdict {
        FileVerdict(withholding, until: end)
    }

    /// The first rule that withholds a file is the one that is told.
    fileprivate func and(_ next: FileVerdict) -> FileVerdict {
        guard withholding == nil, !next.isPlain else { return self }
        if isPlain { return next }
        var verdict = FileVerdict(next.withholding, until: [until, next.until].compactMap(\.self).min())
        verdict.decision = next.withholding == nil ? decision ?? next.decision : next.decision
        verdict.dryRuns = dryRuns + next.dryRuns
        verdict.waivers = waivers + next.waivers
        return verdict
    }
}

/// Why a file is not given out.
package struct Withholding: Sendable {
    /// What a page shows of a file that is not given out.
    package enum Presentation: Sendable {
        /// Nothing.
        case omitted
        /// The file, as withdrawn (yanked) for this reason: an installer that was told to take just this one says why it does not
        /// get it.
        case withdrawn
        /// What the format makes of the package's attributes, in which the reason stands.
        case unchanged
    }

    /// The rule's stable name, for programs: `quarantined`.
    package let rule: String
    /// What a client gets that asks for the file: one line that says why, and how to mend it.
    package let error: SaveError
    /// The same in one sentence for readers of `explain`, who are told the rule beside it.
    package let finding: String
    package let presentation: Presentation
    /// The policy's that withholds it; nil where another rule does.
    package private(set) var decision: PolicyDecision?

    /// What a policy withholds. Its name and number go with the error, for the audit trail.
    init(by decision: PolicyDecision, finding: String, presentation: Presentation) {
        let details = ["policy": decision.name, "policy_id": String(decision.policy)]
        self.init(
            by: "policy", SaveError(.blocked, decision.reason, details: details), finding: finding, presentation: presentation)
        self.decision = decision
    }

    /// The same, with a link behind the reason.
    fileprivate func linked(to link: String) -> Withholding {
        var linked = Withholding(
            by: rule, SaveError(error.code, "\(error.message); \(link)", details: error.details),
            finding: "\(finding); \(link)", presentation: presentation)
        linked.decision = decision
        return linked
    }

    /// - Parameter finding: nil for the error's own message.
    package init(by rule: String, _ error: SaveError, finding: String? = nil, presentation: Presentation) {
        self.rule = rule
        self.error = error
        self.finding = finding ?? error.message
        self.presentation = presentation
    }
}

/// What a policy says of a file: the refusal, `explain`, the audit trail and the metrics tell the same.
package struct PolicyDecision: Sendable, Equatable {
    /// The policy's number.
    package let policy: Int64
    package let name: String
    package let action: PolicyRecord.Action
    /// Nothing came of it.
    package let isDryRun: Bool
    /// In one line, for clients where it is a refusal.
    package let reason: String
    /// When the file is old enough; nil where that is not what it lacks.
    package let allowedAfter: Timestamp?
    /// The ids of the advisories for which the policy is about the file.
    package let advisories: [String]
}

/// A waiver by which a policy was passed over.
package struct AppliedWaiver: Sendable, Equatable {
    /// The waiver's number.
    package let id: Int64
    /// The policy's name.
    package let policy: String
    package let until: Timestamp

    /// In one line, for people.
    package var text: String {
        "policy \(policy) is waived until \(Timestamp(seconds: until.seconds).rfc3339) (waiver \(id))"
    }
}
