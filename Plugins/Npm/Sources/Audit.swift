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

    /// The answer where no advisories are known.
    ///
    /// - Throws: `invalidRequest` for what is no question.
    func answer(_ question: JSONValue) throws -> JSONValue {
        guard let question = question.object else { throw SaveError(.invalidRequest, "the body must be a JSON object") }
        guard self == .tree else { return [:] }
        let count = JSONValue.integer(Int64(Self.count(question)))
        return [
            "actions": [], "advisories": [:], "muted": [],
            "metadata": [
                "vulnerabilities": ["info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0], "dependencies": count,
                "devDependencies": 0, "optionalDependencies": 0, "totalDependencies": count,
            ],
        ]
    }

    /// The packages of a tree, which is no deeper than the reader of JSON goes.
    private static func count(_ node: JSONObject) -> Int {
        (node["dependencies"]?.object?.members ?? []).reduce(0) { sum, member in
            sum + 1 + (member.value.object.map(count) ?? 0)
        }
    }
}

extension NpmFormat: LookupAnswering {
    public func answer(_ lookup: String, about question: JSONValue) throws -> Document {
        guard let audit = Audit(rawValue: lookup) else { throw SaveError.unsupported("such questions") }
        return Document(type: .json, bytes: try audit.answer(question).bytes)
    }
}
