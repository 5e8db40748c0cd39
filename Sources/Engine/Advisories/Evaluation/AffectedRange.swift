/// A range with its events in order, so that one look says whether a version is in it (OSV schema, "Evaluation").
struct AffectedRange: Sendable {
    private struct Event {
        /// nil is below every version.
        let key: [UInt8]?
        let kind: OSVRange.Event.Kind
    }

    private let events: [Event]
    /// A version must be below one of them; empty for no limit.
    private let limits: [[UInt8]]

    /// An `introduced` whose version is none is below all versions, as the ecosystems order what they took before they had rules for
    /// versions. An end whose version is none ends nothing: what cannot be placed must not hide what is affected.
    init(_ range: OSVRange, key: (String) -> [UInt8]?) {
        let order = range.kind == .semantic ? { Self.completed($0, key) } : key
        var events: [Event] = []
        var limits: [[UInt8]] = []
        var isLimited = true
        for event in range.events {
            switch event.kind {
            case .limit:
                // "`limit` allows versions containing the string `*` to represent infinity."
                guard !event.version.utf8.contains(UInt8(ascii: "*")), let key = order(event.version) else {
                    isLimited = false
                    continue
                }
                limits.append(key)
            // "`introduced` allows a version of the value `0` to represent a version that sorts before any other version."
            case .introduced where event.version == "0": events.append(Event(key: nil, kind: .introduced))
            case .introduced: events.append(Event(key: order(event.version), kind: .introduced))
            case .fixed, .lastAffected: order(event.version).map { events.append(Event(key: $0, kind: event.kind)) }
            }
        }
        // Events of one version stay in the record's order: `fixed` and `introduced` of the same one are in the order of time.
        self.events = events.enumerated().sorted { left, right in
            guard left.element.key != right.element.key else { return left.offset < right.offset }
            guard let high = right.element.key else { return false }
            return left.element.key?.lexicographicallyPrecedes(high) ?? true
        }.map(\.element)
        self.limits = isLimited ? limits : []
    }

    func contains(_ version: [UInt8]) -> Bool {
        guard limits.isEmpty || limits.contains(where: version.lexicographicallyPrecedes) else { return false }
        // Each event that applies says whether a version is affected, so the last one decides.
        var position = firstEvent(after: version)
        while position > 0 {
            position -= 1
            let event = events[position]
            if event.kind == .introduced { return true }
            if event.kind == .fixed || event.key != version { return false }
            // The last affected version itself still is what an earlier event says.
        }
        return false
    }

    /// Whether it begins below every version and never ends.
    var containsEverything: Bool {
        limits.isEmpty && events.allSatisfy { $0.kind == .introduced } && events.contains { $0.key == nil }
    }

    /// Adds the keys of all events: whether a version is in the range follows from how it compares with these.
    func addBounds(to bounds: inout Set<[UInt8]>) {
        bounds.formUnion(limits)
        for event in events { if let key = event.key { bounds.insert(key) } }
    }

    var fixedKeys: [[UInt8]] { events.compactMap { $0.kind == .fixed ? $0.key : nil } }

    /// The number of events at or below a version.
    private func firstEvent(after version: [UInt8]) -> Int {
        var (low, high) = (0, events.count)
        while low < high {
            let middle = low + (high - low) / 2
            if events[middle].key.map(version.lexicographicallyPrecedes) == true { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The key of a semantic version that may lack its last numbers, as some records write them: `1.2`.
    private static func completed(_ version: String, _ key: (String) -> [UInt8]?) -> [UInt8]? {
        key(version) ?? key(version + ".0") ?? key(version + ".0.0")
    }
}
