public import SavePlatform

/// Which advisories clients ask for: what `npm audit` and `yarn npm audit` send, and `yarn audit` and older versions of npm.
enum Audit: String {
    /// Names with versions; answered with the advisories of each name.
    case bulk
    /// A whole tree, as in a lock file; answered with advisories and counts.
    case tree

    /// - Parameter segments: of the path below `/-/npm/v1/security/`.
    init?(_ segments: [String]) {
        switch segments {
        case ["advisories", "bulk"]: self = .bulk
        case ["audits"], ["audits", "quick"]: self = .tree
        default: return nil
        }
    }

    /// The names and versions of a question.
    ///
    /// - Throws: `invalidRequest` for what is no question, or too large a one.
    func versions(_ question: JSONValue) throws -> [String: [String]]? {
        guard let question = question.object else { throw SaveError(.invalidRequest, "the body must be a JSON object") }
        guard self == .bulk else { return try AuditTree(question).versions }
        var versions: [String: [String]] = [:]
        for member in question.members {
            guard let listed = member.value.array else {
                throw SaveError(.invalidRequest, "the body must be an object of names with lists of versions")
            }
            versions[member.key] = listed.compactMap(\.string)
        }
        return versions
    }

    /// The answer to a bulk question.
    static func answer(_ advisories: [String: [JSONObject]]) -> JSONValue {
        let found = advisories.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        return .object(JSONObject(found.map { ($0.key, .array($0.value.map { .object(notice(of: $0)) })) }))
    }

    static func notice(of advisory: JSONObject) -> JSONObject {
        let id = advisory["id"]?.string ?? ""
        let isMalware = advisory["malware"]?.bool ?? false
        let severity: String =
            switch advisory["severity"]?.string {
            case "medium": "moderate"
            case let known?: known
            case nil: isMalware ? "critical" : "moderate"
            }
        let references = ["GHSA-": "https://github.com/advisories/", "": "https://osv.dev/vulnerability/"]
        let place = references.first { !$0.key.isEmpty && id.utf8.starts(with: $0.key.utf8) }?.value ?? references[""] ?? ""
        let title = advisory["summary"]?.string ?? ""
        return [
            "id": .string(id), "url": .string(place + id), "title": .string(title.isEmpty ? id : title),
            "severity": .string(severity),
            "vulnerable_versions": .string(VulnerableVersions(advisory["affected"]?.array ?? []).text),
            "cwe": advisory["cwes"] ?? [],
            "cvss": [
                "score": advisory["score"].map { $0.isNull ? 0 : $0 } ?? 0, "vectorString": advisory["vector"] ?? .null,
            ],
        ]
    }

    /// The answer where no advisories are known.
    ///
    /// - Throws: `invalidRequest` for what is no question.
    func answer(_ question: JSONValue) throws -> JSONValue {
        guard let question = question.object else { throw SaveError(.invalidRequest, "the body must be a JSON object") }
        return self == .tree ? try AuditReport(on: AuditTree(question), [:]).json : [:]
    }
}

extension NpmFormat: AdvisoryAnswering {
    public func versions(in lookup: String, about question: JSONValue) throws -> [String: [String]]? {
        try Audit(rawValue: lookup)?.versions(question)
    }

    public func answer(_ lookup: String, about question: JSONValue, advisories: [String: [JSONObject]]) throws -> Document {
        guard Audit(rawValue: lookup) == .tree, let tree = try question.object.map(AuditTree.init) else {
            return Document(type: .json, bytes: Audit.answer(advisories).bytes)
        }
        return Document(type: .json, bytes: AuditReport(on: tree, advisories).json.bytes)
    }

    public func answer(_ lookup: String, about question: JSONValue) throws -> Document {
        guard let audit = Audit(rawValue: lookup) else { throw SaveError.unsupported("such questions") }
        return Document(type: .json, bytes: try audit.answer(question).bytes)
    }
}
