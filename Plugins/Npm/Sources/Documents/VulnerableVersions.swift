internal import SavePlatform
internal import SaveVersions

/// What an advisory is about as a range that npm reads: of each range of the OSV schema the stretches between its events, and versions
/// that are listed besides.
struct VulnerableVersions {
    private(set) var text = ""
    /// The range of versions that are named as fixed; nil where none is.
    private(set) var patched: String?
    private var ranges: [VersionRange] = []
    private var listed: Set<[UInt8]> = []

    /// So many listed versions stand in a range; the record has all of them.
    private static let maxListed = 500

    /// - Parameter affected: the entries of `affected` that are about the package.
    init(_ affected: [JSONValue]) {
        var parts: [String] = []
        var listed: [String] = []
        for entry in affected.compactMap(\.object) {
            for range in (entry["ranges"]?.array ?? []).compactMap(\.object) where range["type"]?.string != "GIT" {
                parts += Self.stretches((range["events"]?.array ?? []).compactMap(\.object))
            }
            listed += (entry["versions"]?.array ?? []).compactMap(\.string)
        }
        let known = VersionRange(npm: parts.joined(separator: " || "))
        for version in listed.prefix(Self.maxListed) {
            guard let key = SemanticVersion(npm: version)?.key else { continue }
            if parts.isEmpty || known?.contains(key) != true { parts.append(version) }
        }
        var seen: Set<String> = []
        parts = parts.filter { seen.insert($0).inserted }
        text = parts.isEmpty ? "<0.0.0-0" : parts.joined(separator: " || ")
        ranges = parts.compactMap { VersionRange(npm: $0) }
        self.listed = Set(listed.compactMap { SemanticVersion(npm: $0)?.key })
        let fixed = Self.fixed(affected)
        if !fixed.isEmpty { patched = fixed.map { ">=" + $0 }.joined(separator: " || ") }
    }

    /// - Parameter key: of a version (`SemanticVersion.key`).
    func contains(key: [UInt8]) -> Bool { listed.contains(key) || ranges.contains { $0.contains(key) } }

    /// The versions that are named as fixed, each once.
    private static func fixed(_ affected: [JSONValue]) -> [String] {
        var seen: Set<String> = []
        var versions: [String] = []
        for range in affected.compactMap(\.object).flatMap({ $0["ranges"]?.array ?? [] }).compactMap(\.object)
        where range["type"]?.string != "GIT" {
            for event in (range["events"]?.array ?? []).compactMap(\.object) {
                guard let version = event["fixed"]?.string, SemanticVersion(npm: version)?.key != nil else { continue }
                if versions.count < maxListed, seen.insert(version).inserted { versions.append(version) }
            }
        }
        return versions
    }

    private struct Event {
        let kind: String
        /// In the form of a whole version; nil for what is below every version.
        let version: String?
        let key: [UInt8]
    }

    private static func stretches(_ objects: [JSONObject]) -> [String] {
        let events = objects.flatMap { object in
            ["introduced", "fixed", "last_affected"].compactMap { kind in object[kind]?.string.flatMap { event(kind, $0) } }
        }
        let sorted = events.enumerated().sorted { left, right in
            let (low, high) = (left.element.key, right.element.key)
            return low == high ? left.offset < right.offset : low.lexicographicallyPrecedes(high)
        }.map(\.element)
        var stretches: [String] = []
        var start: Event?
        for event in sorted {
            if event.kind == "introduced" {
                start = start ?? event
            } else if let begin = start, let version = event.version {
                let end = (event.kind == "fixed" ? "<" : "<=") + version
                stretches.append(begin.version.map { ">=\($0) \(end)" } ?? end)
                start = nil
            }
        }
        if let start { stretches.append(start.version.map { ">=" + $0 } ?? "*") }
        return stretches
    }

    /// nil for an end whose version is none: it ends nothing. A beginning of that kind is below every version, as zero is.
    private static func event(_ kind: String, _ text: String) -> Event? {
        if kind == "introduced", text == "0" { return Event(kind: kind, version: nil, key: []) }
        // The last numbers may be left out. A range would read "<=1.2" as all of 1.2.
        for version in [text, text + ".0", text + ".0.0"] {
            if let key = SemanticVersion(npm: version)?.key { return Event(kind: kind, version: version, key: key) }
        }
        return kind == "introduced" ? Event(kind: kind, version: nil, key: []) : nil
    }
}
