package import SaveAccess
internal import SaveDigest
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
        package let record: AssetRecord
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
