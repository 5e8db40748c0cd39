internal import SavePlatform

/// What an advisory is about as a range that npm reads: of each range of the OSV schema the stretches between its events, and versions
/// that are listed besides.
struct VulnerableVersions {
    private(set) var text = ""

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
        let known = try? VersionRange(parts.joined(separator: " || "))
        for version in listed.prefix(Self.maxListed) where VersionOrder.key(of: version) != nil {
            if parts.isEmpty || known?.contains(version) != true { parts.append(version) }
        }
        text = parts.isEmpty ? "<0.0.0-0" : parts.joined(separator: " || ")
    }

    private static func stretches(_ events: [JSONObject]) -> [String] {
        let sorted = events.enumerated().sorted { left, right in
            let (low, high) = (place(of: left.element), place(of: right.element))
            return low == high ? left.offset < right.offset : low.lexicographicallyPrecedes(high)
        }.map(\.element)
        var stretches: [String] = []
        var start: String?
        for event in sorted {
            if let introduced = event["introduced"]?.string {
                start = start ?? introduced
            } else if let begin = start,
                let end = event["fixed"]?.string.map({ "<" + $0 }) ?? event["last_affected"]?.string.map({ "<=" + $0 })
            {
                stretches.append(begin == "0" ? end : ">=\(begin) \(end)")
                start = nil
            }
        }
        if let start { stretches.append(start == "0" ? "*" : ">=" + start) }
        return stretches
    }

    /// What orders events; zero, and what is no version, comes first.
    private static func place(of event: JSONObject) -> [UInt8] {
        let version = ["introduced", "fixed", "last_affected", "limit"].lazy.compactMap { event[$0]?.string }.first ?? "0"
        guard version != "0" else { return [] }
        return VersionOrder.key(of: version) ?? VersionOrder.key(of: version + ".0") ?? VersionOrder.key(of: version + ".0.0")
            ?? []
    }
}
