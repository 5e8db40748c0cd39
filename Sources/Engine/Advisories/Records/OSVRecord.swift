internal import SavePlatform

/// A record in the OSV schema, as far as the engine understands it. What is not as the schema has it is left out.
struct OSVRecord {
    struct Affected {
        let ecosystem: String
        let name: String
        let ranges: [OSVRange]
        let versions: [String]
        fileprivate let severity: AdvisorySeverity?
    }

    let id: String
    let affected: [Affected]
    private let document: JSONObject

    /// Fixed versions of an advisory; more are left out of what is told, and count all the same.
    static let maxFixedVersions = 1000

    /// nil for what is not JSON of a record.
    init?(_ bytes: [UInt8]) {
        guard let document = try? JSONValue(parsing: bytes).object, let id = document["id"]?.string else { return nil }
        self.id = id
        self.document = document
        affected = (document["affected"]?.array ?? []).compactMap { $0.object.flatMap(Self.affected) }
    }

    /// For people, in Markdown; empty where nothing is said.
    var details: String { document["details"]?.string ?? "" }

    /// The advisory that it is for packages with a name.
    func advisory(for affected: [Affected]) -> Advisory {
        let events = affected.lazy.flatMap(\.ranges).filter { $0.kind != .git }.flatMap(\.events)
        var versions: [String] = []
        var seen: Set<String> = []
        for event in events where event.kind == .fixed {
            if versions.count == Self.maxFixedVersions { break }
            if seen.insert(event.version).inserted { versions.append(event.version) }
        }
        let aliases = (document["aliases"]?.array ?? []).compactMap(\.string).filter { !ASCII.isEqual($0, id) }
        return Advisory(
            id: id, aliases: Set(aliases).sorted(), summary: document["summary"]?.string ?? "",
            severity: Severities(document).severity ?? affected.compactMap(\.severity).max(),
            isMalware: ([id] + aliases).contains { $0.utf8.starts(with: "MAL-".utf8) }, fixedVersions: versions,
            published: time("published"), modified: time("modified"), withdrawn: time("withdrawn"))
    }

    /// What formats are told of an advisory (`AdvisoryAnswering`).
    ///
    /// - Parameters:
    ///   - records: those that it is put together of. The first one with a score, and the first one with weaknesses, says it.
    ///   - isWanted: whether an entry of `affected` is about the package, by its ecosystem and name.
    static func notice(
        of advisory: Advisory, _ records: [OSVRecord], _ isWanted: (_ ecosystem: String, _ name: String) -> Bool
    ) -> JSONObject {
        let score = records.lazy.compactMap { Severities($0.document).score }.first
        let weaknesses = records.lazy.compactMap { $0.document["database_specific"]?.object?["cwe_ids"]?.array }
        let entries = records.flatMap { $0.document["affected"]?.array ?? [] }.filter { entry in
            guard let entry = entry.object, let affected = Self.affected(entry) else { return false }
            return isWanted(affected.ecosystem, affected.name)
        }
        return [
            "id": .string(advisory.id), "summary": .string(advisory.summary), "severity": JSONValue(advisory.severity?.name),
            "malware": .bool(advisory.isMalware), "score": score.map { .number($0.value) } ?? .null,
            "vector": JSONValue(score?.vector), "cwes": .array(weaknesses.first { !$0.isEmpty } ?? []),
            "affected": .array(entries),
        ]
    }

    private func time(_ key: String) -> Timestamp? {
        guard let text = document[key]?.string else { return nil }
        // What was withdrawn at a time that makes no sense was withdrawn.
        return Timestamp(rfc3339: text) ?? (key == "withdrawn" && !text.isEmpty ? Timestamp(seconds: 0) : nil)
    }

    private static func affected(_ object: JSONObject) -> Affected? {
        guard let package = object["package"]?.object, let ecosystem = package["ecosystem"]?.string,
            let name = package["name"]?.string
        else { return nil }
        return Affected(
            ecosystem: String(Substring(ecosystem.utf8.prefix { $0 != UInt8(ascii: ":") })), name: name,
            ranges: (object["ranges"]?.array ?? []).compactMap { $0.object.flatMap(range) },
            versions: (object["versions"]?.array ?? []).compactMap(\.string), severity: Severities(object).severity)
    }

    private static func range(_ object: JSONObject) -> OSVRange? {
        let kind: OSVRange.Kind
        switch object["type"]?.string {
        case "SEMVER": kind = .semantic
        case "ECOSYSTEM": kind = .ecosystem
        case "GIT": kind = .git
        default: return nil
        }
        // "Only a single type is allowed in each event object"; of more, each is an event.
        let kinds: [(String, OSVRange.Event.Kind)] = [
            ("introduced", .introduced), ("fixed", .fixed), ("last_affected", .lastAffected), ("limit", .limit),
        ]
        let events = (object["events"]?.array ?? []).compactMap(\.object).flatMap { event in
            kinds.compactMap { name, kind in event[name]?.string.map { OSVRange.Event(kind, $0) } }
        }
        return OSVRange(kind, events)
    }
}

/// What a record says of how bad it is: vectors of CVSS, or a word.
struct Severities {
    let severity: AdvisorySeverity?
    /// The score with its vector, where there is one.
    let score: (value: Double, vector: String)?

    /// - Parameter object: a record, or one entry of `affected`.
    init(_ object: JSONObject) {
        let scores = (object["severity"]?.array ?? []).compactMap(\.object).compactMap {
            item -> (value: Double, vector: String)? in
            guard let vector = item["score"]?.string, let value = CVSS.score(vector) else { return nil }
            return (value, vector)
        }
        let word =
            object["database_specific"]?.object?["severity"]?.string ?? object["ecosystem_specific"]?.object?["severity"]?.string
        // The newest version of CVSS says it best.
        score = scores.max { (CVSS.version($0.vector), $0.value) < (CVSS.version($1.vector), $1.value) }
        severity = score.flatMap { AdvisorySeverity(score: $0.value) } ?? word.flatMap(AdvisorySeverity.init(named:))
    }
}
