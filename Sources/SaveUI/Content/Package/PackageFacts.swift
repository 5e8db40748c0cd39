internal import SaveAccess
internal import SaveDigest
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What clients get under a package's name, as the engine explains it: the members that were looked at, and every file that one of
/// them knows, by versions.
struct PackageFacts: Sendable {
    struct Member: Sendable {
        let source: Repository
        /// `project/name`.
        let repository: String
        let kind: RepositoryKind
        /// `answers`, `passed_over`, `has_none`, `not_asked` or `fails`.
        let state: String
        let rule: String?
        var reason: String?
        /// nil for a reader who does not manage the repository.
        let upstream: Explanation.Upstream?
        let attributes: JSONObject
    }

    struct File: Sendable {
        let record: AssetRecord
        let source: Repository
        let name: String
        let version: String?
        /// `offered`, `shadowed`, `blocked` or `unlisted`.
        let state: String
        let rule: String?
        let reason: String?
        let size: Int64?
        let isStored: Bool
        let publisher: String?
        let published: Timestamp?
        let yanked: Bool
        let yankedReason: String?
    }

    struct Version: Sendable {
        let version: String
        let files: [File]
        var isPrerelease = false

        var published: Timestamp? { files.compactMap(\.published).min() }
        var size: Int64? { files.compactMap(\.size).reduce(nil) { ($0 ?? 0).addingReportingOverflow($1).partialValue } }
        /// What a client gets.
        var offered: [File] { files.filter { $0.state == "offered" } }
        /// Whether a rule keeps all that clients could get of it from them.
        var isRefused: Bool { offered.isEmpty && files.contains { $0.state == "blocked" } }
        var isYanked: Bool { !offered.isEmpty && offered.allSatisfy(\.yanked) }
    }

    /// The key of the name, as the format spells it.
    let name: String
    /// As its publisher writes it.
    var displayName: String
    let rule: String?
    var reason: String?
    var members: [Member]
    /// The newest first.
    var versions: [Version]
    /// Files of no version.
    let others: [File]

    /// What somebody said of the package as a whole, such as that it is archived.
    var status: (word: String, reason: String?)?

    /// - Parameter explanation: as the reader is shown it.
    init(_ explanation: Explanation) {
        name = explanation.package.name
        displayName = name
        rule = explanation.refusal?.rule
        reason = explanation.refusal?.text
        members = explanation.members.map(Member.init)
        let files = explanation.files.map(File.init)
        others = files.filter { $0.version == nil }
        let groups = Dictionary(grouping: files.filter { $0.version != nil }) { Array(($0.version ?? "").utf8) }
        versions = groups.values.map { Version(version: $0.first?.version ?? "", files: $0) }.sorted { left, right in
            (right.published ?? Timestamp(microseconds: .min), right.version) < (
                left.published ?? Timestamp(microseconds: .min), left.version
            )
        }
    }

    /// The same without what is said to nobody who is not signed in: which names are reserved, and how upstreams are.
    func withoutTrouble() -> PackageFacts {
        let kept = ["reserved_name", "upstream", "stale"]
        var facts = self
        facts.members = members.map { member in
            var member = member
            if member.rule.map(kept.contains) ?? false { member.reason = nil }
            return member
        }
        if rule == "reserved_name" { facts.reason = nil }
        return facts
    }

    /// Whether there is anything under the name, or could be.
    var isKnown: Bool {
        !versions.isEmpty || !others.isEmpty || members.contains { ["answers", "fails", "not_asked"].contains($0.state) }
    }

    /// Puts the versions in the order that the format's clients have, what is no version last.
    mutating func order(by keys: [String: [UInt8]]) {
        versions = versions.enumerated().sorted { left, right in
            switch (keys[left.element.version], keys[right.element.version]) {
            case (let a?, let b?) where a != b: b.lexicographicallyPrecedes(a)
            case (.some, .none): true
            case (.none, .some): false
            default: left.offset < right.offset
            }
        }.map(\.element)
    }

    /// What a client gets that asks for no version: the newest that is offered, and neither withdrawn nor a pre-release; where there
    /// are only pre-releases, the newest of these.
    var newest: Version? {
        let offered = versions.filter { !$0.offered.isEmpty && !$0.isYanked }
        return offered.first { !$0.isPrerelease } ?? offered.first
    }
}

extension PackageFacts.Member {
    fileprivate init(_ member: Explanation.Member) {
        source = member.repository
        repository = member.repository.record.coordinates
        kind = member.repository.record.kind
        state = member.state
        rule = member.reason?.rule
        reason = member.reason?.text
        upstream = member.upstream
        attributes = member.attributes
    }
}

extension PackageFacts.File {
    fileprivate init(_ file: Explanation.File) {
        record = file.stored?.record ?? file.record
        source = file.member
        name = file.record.path.filename
        version = file.record.version
        state = file.state
        rule = file.reason?.rule
        reason = file.reason?.text
        size = file.stored?.size ?? file.record.size
        isStored = file.stored != nil
        publisher = file.stored?.uploadedBy
        published = file.record.published ?? file.stored?.created
        yanked = file.record.withdrawn != nil
        yankedReason = file.record.withdrawn?.reason
    }

    /// One is enough to compare with: the strongest that tools show.
    var digest: Checksum? { record.checksums.first { $0.algorithm == .sha256 } ?? record.checksums.first }
}
