package import SaveAccess
internal import SaveDigest
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// Where what clients get under a package's name comes from, and by which rules: for people who ask why.
package struct Explanation: Sendable {
    /// A rule by its stable name, with one sentence for this very case.
    package struct Reason: Sendable, Equatable {
        package let rule: String
        package let text: String

        init(_ rule: String, _ text: String) {
            self.rule = rule
            self.text = text
        }
    }

    /// A hosted or proxy repository, and its part in the answer.
    package struct Member: Sendable {
        package let repository: Repository
        /// `answers`, `passed_over` when a rule keeps it from being asked, `has_none`, `not_asked` when nothing is known of its
        /// upstream yet, `fails`.
        package var state: String
        package var reason: Reason?
        package var upstream: Upstream?
        /// What only the format understands of the package, as this member has it (`Listing.attributes`).
        package var attributes = JSONObject()
    }

    /// What is known of a proxy's upstream and what it said of this package.
    package struct Upstream: Sendable {
        package var url: String?
        package var status: Int?
        package var asked: Timestamp?
        package var fetched: Timestamp?
        package var verified: Timestamp?
        package var etag: String?
        package var isStale = false
        /// What was odd about the package, the last first.
        package var anomalies: [UpstreamAnomaly] = []
        /// nil until it was asked.
        package var isAvailable: Bool?
        package var failure: String?
    }

    /// A file that some member knows.
    package struct File: Sendable {
        package var record: AssetRecord
        package let member: Repository
        /// `offered`, `shadowed` by another member's, `blocked` by a rule, or `unlisted`: here, but on no page any more.
        package var state: String
        package var reason: Reason?
        /// The copy that is here.
        package var stored: StoredAsset?
        /// The waiver by which it is given out.
        package var waiver: Int64?
    }

    package let package: PackageID
    package let repository: Repository
    package var members: [Member] = []
    package var files: [File] = []
    /// Why nobody answers, where that is so.
    package var refusal: Reason?

    /// An explanation of nothing yet.
    package init(of package: PackageID, in repository: Repository) {
        self.package = package
        self.repository = repository
    }
}

extension Explanation {
    /// The same as somebody is shown it: who the upstreams are, and why they fail, is for those who manage the repository, and a
    /// reason leads to what is known of a refusal.
    ///
    /// - Parameter origin: by which the caller reached the server; nil where that is not known.
    package func shown(where manages: (Repository) -> Bool, linkingFrom origin: String?) -> Explanation {
        var shown = self
        let managed = Set(
            (members.map(\.repository) + files.map(\.member)).filter { manages($0) }.map { ObjectIdentifier($0) })
        func told(_ reason: Reason?, isManaged: Bool) -> Reason? {
            guard let reason else { return nil }
            if !isManaged, ASCII.isEqual(reason.rule, "upstream") { return Reason(reason.rule, "the upstream fails") }
            return Reason(reason.rule, RefusalLine.linked(reason.text, from: origin))
        }
        for place in shown.members.indices {
            let isManaged = managed.contains(ObjectIdentifier(members[place].repository))
            if !isManaged { shown.members[place].upstream = nil }
            shown.members[place].reason = told(members[place].reason, isManaged: isManaged)
        }
        for place in shown.files.indices {
            let isManaged = managed.contains(ObjectIdentifier(files[place].member))
            if !isManaged { shown.files[place].record.origin = nil }
            shown.files[place].reason = told(files[place].reason, isManaged: isManaged)
        }
        shown.refusal = told(refusal, isManaged: false)
        return shown
    }

    package var json: JSONValue {
        let answering = members.filter { $0.state == "answers" }.map { JSONValue.string($0.repository.record.coordinates) }
        return [
            "package": .string(package.name), "repository": .string(repository.record.coordinates),
            "repository_type": .string(repository.record.kind.rawValue),
            "policy": repository.record.kind == .group ? .string(repository.record.group.policy.rawValue) : .null,
            "answered_by": .array(answering), "rule": JSONValue(refusal?.rule), "reason": JSONValue(refusal?.text),
            "members": .array(members.map(\.json)), "files": .array(files.map(\.json)),
        ]
    }
}

extension Explanation.Member {
    var json: JSONValue {
        [
            "repository": .string(repository.record.coordinates),
            "repository_type": .string(repository.record.kind.rawValue), "state": .string(state),
            "rule": JSONValue(reason?.rule), "reason": JSONValue(reason?.text), "upstream": upstream?.json ?? .null,
        ]
    }
}

extension Explanation.Upstream {
    var json: JSONValue {
        [
            "url": JSONValue(url), "status": JSONValue(status.map(Int64.init)), "asked_at": JSONValue(asked?.rfc3339),
            "fetched_at": JSONValue(fetched?.rfc3339), "verified_at": JSONValue(verified?.rfc3339), "etag": JSONValue(etag),
            "stale": .bool(isStale), "available": isAvailable.map(JSONValue.bool) ?? .null, "failure": JSONValue(failure),
            "anomalies": .array(anomalies.map(Self.json)),
        ]
    }
}

extension Explanation.Upstream {
    private static func json(_ anomaly: UpstreamAnomaly) -> JSONValue {
        var object = anomaly.json
        object["seen_at"] = .string(anomaly.time.rfc3339)
        return .object(object)
    }
}

extension Explanation.File {
    var json: JSONValue {
        let digests = stored?.record.checksums ?? record.checksums
        return [
            "filename": .string(record.path.filename), "path": .string(record.path.text), "version": JSONValue(record.version),
            "repository": .string(member.record.coordinates), "state": .string(state), "rule": JSONValue(reason?.rule),
            "reason": JSONValue(reason?.text), "size": JSONValue(stored?.size ?? record.size),
            "digests": .object(JSONObject(digests.map { ($0.algorithm.rawValue, .string($0.hex)) })),
            "origin": JSONValue(record.origin.map(URLReference.shown)), "stored": .bool(stored != nil),
            "stored_at": JSONValue(stored?.created.rfc3339), "uploaded_by": JSONValue(stored?.uploadedBy),
            "published_at": JSONValue(record.published?.rfc3339), "yanked": .bool(record.withdrawn != nil),
            "yanked_reason": JSONValue(record.withdrawn?.reason), "waiver": JSONValue(waiver),
        ]
    }
}
