package import SavePlatform

/// A rule of an administrator or an owner: which files clients get, and why they do not get others.
package struct PolicyRecord: Sendable, Equatable {
    /// What becomes of a file that a policy matches.
    package enum Action: String, Sendable, Hashable, CaseIterable {
        /// It is given out, whatever policies of a larger number say.
        case allow
        /// The same, and noted.
        case warn
        /// It is refused.
        case deny
    }

    /// What a page shows of a file that is refused.
    package enum Presentation: String, Sendable, Hashable, CaseIterable {
        /// The file, as withdrawn, with the reason.
        case yanked
        /// Nothing.
        case omit
    }

    /// Which repositories a policy is for.
    package enum Scope: Sendable, Hashable {
        case server
        case project(Int64)
        case repository(Int64)
    }

    package var id: Int64
    /// Stands in the reason that clients are told.
    package var name: String
    package var description: String
    package var scope: Scope
    /// Of the policies that match a file the one with the lowest number decides, of equals the older one.
    package var priority: Int64
    package var action: Action
    /// It is noted what it would have done, and nothing else.
    package var isDryRun: Bool
    package var isEnabled: Bool
    package var presentation: Presentation
    /// Whether it counts for hosted files as well.
    package var includesHosted: Bool
    package var match: PolicyMatch
    package var created: Timestamp
    package var updated: Timestamp

    package init(
        id: Int64 = 0, name: String, description: String = "", scope: Scope = .server, priority: Int64 = 100, action: Action,
        isDryRun: Bool = false, isEnabled: Bool = true, presentation: Presentation = .yanked, includesHosted: Bool = false,
        match: PolicyMatch = PolicyMatch(), created: Timestamp, updated: Timestamp
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.scope = scope
        self.priority = priority
        self.action = action
        self.isDryRun = isDryRun
        self.isEnabled = isEnabled
        self.presentation = presentation
        self.includesHosted = includesHosted
        self.match = match
        self.created = created
        self.updated = updated
    }

    /// Whether it counts for the files of a repository. A group has none of its own: those of its members are judged there.
    package func applies(to repository: RepositoryRecord) -> Bool {
        guard isEnabled, covers(repository) else { return false }
        switch repository.kind {
        case .hosted: return includesHosted
        case .proxy: return true
        case .group: return false
        }
    }

    /// Whether a repository is in its scope.
    package func covers(_ repository: RepositoryRecord) -> Bool {
        switch scope {
        case .server: true
        case .project(let id): repository.projectID == id
        case .repository(let id): repository.id == id
        }
    }

    /// The order in which policies are asked.
    package static func precedes(_ left: PolicyRecord, _ right: PolicyRecord) -> Bool {
        left.priority == right.priority ? left.id < right.id : left.priority < right.priority
    }
}

/// What a policy is about: all members must hold that are there. Without any it is about every file.
package struct PolicyMatch: Sendable, Equatable, Codable {
    /// What counts as a file's age where its upstream does not say when it was published.
    package enum MissingTime: String, Sendable, Hashable, CaseIterable, Codable {
        /// The time since this server first knew of the file.
        case firstSeen = "first_seen"
        /// It is too young for ever.
        case deny
        /// It is old enough.
        case allow
    }

    /// Names of packages, and beginnings of names with `*` behind them, as they were written.
    package var packages: [String]?
    /// A range in the syntax of the ecosystem.
    package var versions: String?
    /// As it was written, such as `7d`.
    package var youngerThan: String?
    package var missingTime: MissingTime?
    /// Whether it is about versions that do harm.
    package var malware: Bool?
    /// The least severity of an advisory that affects the version: `low`, `medium`, `high`, `critical`.
    package var minSeverity: String?
    /// The advisories, by any of their names, of which one affects the version.
    package var advisories: [String]?
    /// Whether it is not about a version that an advisory names as the one that mends it.
    package var exemptFixes: Bool?
    /// What an upstream did oddly (`UpstreamAnomalyKind`), of which one is to hold; none for any.
    package var upstreamAnomaly: [String]?
    /// Licences as SPDX names them, and beginnings of names with `*` behind them; `unknown` for files that say none.
    package var licenses: [String]?

    package init() {}

    package var exemptsFixes: Bool { exemptFixes ?? false }
    /// Whether it is about versions that advisories affect, and not only about those that they do not name as mended.
    package var asksAffectingAdvisories: Bool { malware != nil || minSeverity != nil || advisories != nil }
    /// Whether what it is about depends on advisories.
    package var asksAdvisories: Bool { asksAffectingAdvisories || exemptsFixes }
}

/// An exception from a policy: some versions of one package are given out in one project until a time, as if the policy were not there.
package struct WaiverRecord: Sendable, Equatable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Somebody asked for it; it has no effect.
        case requested
        case granted
    }

    package var id: Int64
    package var project: Int64
    package var policy: Int64
    /// The URL of the package (purl), with a version in it, or in the version's place a range, or `*` for all versions.
    package var package: String
    /// The advisories that the policy does not look at, by any of their names; with none it is passed over as a whole.
    package var advisories: [String]
    package var reason: String
    /// From here on it has no effect.
    package var until: Timestamp
    package var state: State
    /// The account that asked, as `PrincipalName.text`.
    package var requestedBy: String
    /// The account that granted it; nil until then.
    package var grantedBy: String?
    package var created: Timestamp
    package var updated: Timestamp

    package init(
        id: Int64 = 0, project: Int64, policy: Int64, package: String, advisories: [String] = [], reason: String,
        until: Timestamp,
        state: State, requestedBy: String, grantedBy: String? = nil, created: Timestamp, updated: Timestamp
    ) {
        self.id = id
        self.project = project
        self.policy = policy
        self.package = package
        self.advisories = advisories
        self.reason = reason
        self.until = until
        self.state = state
        self.requestedBy = requestedBy
        self.grantedBy = grantedBy
        self.created = created
        self.updated = updated
    }
}

/// What a policy refused: a version of a package, a package as a whole, or a file that is of no version.
package struct RefusalSubject: Sendable, Hashable {
    package var repository: Int64
    package var policy: Int64
    /// The name that the format gives the package; empty where there is none.
    package var package: String
    /// Empty where the package as a whole was refused, or a file.
    package var version: String
    /// The file's; empty where a version or a package was refused.
    package var path: String

    package init(repository: Int64, policy: Int64, package: String, version: String = "", path: String = "") {
        self.repository = repository
        self.policy = policy
        self.package = package
        self.version = version
        self.path = path
    }
}

/// The number by which people find out why something was refused.
package struct RefusalRecord: Sendable, Equatable {
    package var id: Int64
    package var subject: RefusalSubject
    /// When the policy first refused it.
    package var refused: Timestamp

    package init(id: Int64 = 0, subject: RefusalSubject, refused: Timestamp) {
        self.id = id
        self.subject = subject
        self.refused = refused
    }
}
