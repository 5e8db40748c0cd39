internal import SaveAccess
internal import SavePlatform

/// What clients get under a package's name, as the REST API explains it: the members that were looked at, and every file that one of
/// them knows, by versions.
struct PackageFacts: Sendable {
    struct Member: Sendable {
        let repository: String
        let kind: String
        /// `answers`, `passed_over`, `has_none`, `not_asked` or `fails`.
        let state: String
        let rule: String?
        let reason: String?
        let upstream: JSONObject?
    }

    struct File: Sendable {
        let name: String
        let path: String
        let version: String?
        let repository: String
        /// `offered`, `shadowed`, `blocked` or `unlisted`.
        let state: String
        let rule: String?
        let reason: String?
        let size: Int64?
        let digests: [(algorithm: String, hex: String)]
        let isStored: Bool
        let publisher: String?
        let published: Timestamp?
        let yanked: Bool
        let yankedReason: String?
    }

    struct Version: Sendable {
        let version: String
        let files: [File]

        var published: Timestamp? { files.compactMap(\.published).min() }
        var size: Int64? { files.compactMap(\.size).reduce(nil) { ($0 ?? 0).addingReportingOverflow($1).partialValue } }
        /// What a client gets.
        var offered: [File] { files.filter { $0.state == "offered" } }
        var isYanked: Bool { !offered.isEmpty && offered.allSatisfy(\.yanked) }
    }

    /// The key of the name, as the format spells it.
    let name: String
    /// As its publisher writes it.
    var displayName: String
    let rule: String?
    let reason: String?
    let members: [Member]
    /// The newest first.
    var versions: [Version]
    /// Files of no version.
    let others: [File]

    init(_ explanation: JSONObject) {
        name = explanation["package"]?.string ?? ""
        displayName = name
        rule = explanation["rule"]?.string
        reason = explanation["reason"]?.string
        members = (explanation["members"]?.array ?? []).compactMap(\.object).map(Member.init)
        let files = (explanation["files"]?.array ?? []).compactMap(\.object).map(File.init)
        others = files.filter { $0.version == nil }
        let groups = Dictionary(grouping: files.filter { $0.version != nil }) { Array(($0.version ?? "").utf8) }
        versions = groups.values.map { Version(version: $0.first?.version ?? "", files: $0) }.sorted { left, right in
            (right.published ?? Timestamp(microseconds: .min), right.version) < (
                left.published ?? Timestamp(microseconds: .min), left.version
            )
        }
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

    /// What a client gets that asks for no version: the newest that is offered and not withdrawn.
    var newest: Version? { versions.first { !$0.offered.isEmpty && !$0.isYanked } }
}

extension PackageFacts.Member {
    fileprivate init(_ json: JSONObject) {
        repository = json["repository"]?.string ?? ""
        kind = json["repository_type"]?.string ?? ""
        state = json["state"]?.string ?? ""
        rule = json["rule"]?.string
        reason = json["reason"]?.string
        upstream = json["upstream"]?.object
    }
}

extension PackageFacts.File {
    fileprivate init(_ json: JSONObject) {
        name = json["filename"]?.string ?? ""
        path = json["path"]?.string ?? ""
        version = json["version"]?.string
        repository = json["repository"]?.string ?? ""
        state = json["state"]?.string ?? ""
        rule = json["rule"]?.string
        reason = json["reason"]?.string
        size = json["size"]?.integer
        digests = (json["digests"]?.object?.members ?? []).compactMap { member in member.value.string.map { (member.key, $0) } }
        isStored = json["stored"]?.bool ?? false
        publisher = json["uploaded_by"]?.string
        published = (json["published_at"]?.string ?? json["stored_at"]?.string).flatMap { Timestamp(rfc3339: $0) }
        yanked = json["yanked"]?.bool ?? false
        yankedReason = json["yanked_reason"]?.string
    }
}
