/// A table of bounded cost: when more is put in than fits, what was not used for longest goes.
///
/// The entries form a list in the order of their use, which is linked through an array. Nothing is ever searched for, so each
/// operation costs the same however many entries there are.
package struct RecentTable<Key: Hashable, Value> {
    private struct Entry {
        let key: Key
        var value: Value
        var cost: Int
        /// The places of the entries that were used next after this one, and next before.
        var newer = RecentTable.nowhere
        var older = RecentTable.nowhere
    }

    private var places: [Key: Int] = [:]
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var newest = RecentTable.nowhere
    private var oldest = RecentTable.nowhere
    private let limit: Int
    /// The total cost of what is in it.
    package private(set) var cost = 0

    private static var nowhere: Int { -1 }

    /// - Parameter limit: the highest total cost.
    package init(limit: Int) { self.limit = limit }

    /// A table of entries that cost one each.
    package init(capacity: Int) { self.init(limit: max(1, capacity)) }

    package var count: Int { places.count }

    package var keys: Dictionary<Key, Int>.Keys { places.keys }

    /// The value of a key, which counts as used; setting it costs one.
    package subscript(key: Key) -> Value? {
        mutating get {
            guard let place = places[key] else { return nil }
            if place != newest {
                unlink(place)
                link(place)
            }
            return entries[place]?.value
        }
        set {
            if let newValue { insert(newValue, for: key, cost: 1) } else { remove(key) }
        }
    }

    /// The value of a key, which does not count as used by that.
    package func peek(_ key: Key) -> Value? { places[key].flatMap { entries[$0]?.value } }

    /// Keeps a value in place of an earlier one. A value that costs more than the whole table may is not kept.
    ///
    /// - Returns: what had to go, for a caller that does not want it released right here.
    @discardableResult
    package mutating func insert(_ value: Value, for key: Key, cost: Int) -> [Value] {
        var dropped: [Value] = []
        if let earlier = remove(key) { dropped.append(earlier) }
        guard cost <= limit else { return dropped }
        let entry = Entry(key: key, value: value, cost: cost)
        let place: Int
        if let unused = free.popLast() {
            place = unused
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        places[key] = place
        link(place)
        self.cost += cost
        while self.cost > limit, oldest != place, let victim = take(oldest) { dropped.append(victim.value) }
        return dropped
    }

    /// Forgets a key.
    @discardableResult
    package mutating func remove(_ key: Key) -> Value? {
        places[key].flatMap { take($0) }?.value
    }

    private mutating func take(_ place: Int) -> Entry? {
        guard entries.indices.contains(place), let entry = entries[place] else { return nil }
        unlink(place)
        entries[place] = nil
        places.removeValue(forKey: entry.key)
        free.append(place)
        cost -= entry.cost
        return entry
    }

    /// Makes an entry that is not in the list the newest.
    private mutating func link(_ place: Int) {
        entries[place]?.newer = Self.nowhere
        entries[place]?.older = newest
        if newest == Self.nowhere { oldest = place } else { entries[newest]?.newer = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        guard let entry = entries[place] else { return }
        if entry.newer == Self.nowhere { newest = entry.older } else { entries[entry.newer]?.older = entry.older }
        if entry.older == Self.nowhere { oldest = entry.newer } else { entries[entry.older]?.newer = entry.newer }
    }
}
