/// A table of bounded cost: when more is put in than fits, what was not used for longest goes.
///
/// The entries form a list in the order of their use, which is linked through an array. Nothing is ever searched for, so each
/// operation costs the same however many entries there are. Every request looks something up: links lie apart from keys and
/// values, so that a look-up copies the value alone and a new order touches numbers only.
public struct RecentTable<Key: Hashable, Value> {
    @usableFromInline var places: [Key: Int] = [:]
    private var entryKeys: [Key?] = []
    @usableFromInline var values: [Value?] = []
    @usableFromInline var links: [RecentLink] = []
    private var free: [Int] = []
    @usableFromInline var newest = RecentLink.nowhere
    @usableFromInline var oldest = RecentLink.nowhere
    private let limit: Int
    /// The total cost of what is in it.
    public private(set) var cost = 0

    /// - Parameter limit: the highest total cost.
    public init(limit: Int) { self.limit = limit }

    /// A table of entries that cost one each.
    public init(capacity: Int) { self.init(limit: max(1, capacity)) }

    public var count: Int { places.count }

    public var keys: Dictionary<Key, Int>.Keys { places.keys }

    /// The value of a key, which counts as used; setting it costs one.
    public subscript(key: Key) -> Value? {
        @inlinable mutating get {
            guard let place = places[key] else { return nil }
            if place != newest {
                unlink(place)
                link(place)
            }
            return values[place]
        }
        set {
            if let newValue { insert(newValue, for: key, cost: 1) } else { remove(key) }
        }
    }

    /// The value of a key, which does not count as used by that.
    public func peek(_ key: Key) -> Value? { places[key].flatMap { values[$0] } }

    /// Keeps a value in place of an earlier one. A value that costs more than the whole table may is not kept.
    ///
    /// - Returns: what had to go, for a caller that does not want it released right here.
    @discardableResult
    public mutating func insert(_ value: Value, for key: Key, cost: Int) -> [Value] {
        var dropped: [Value] = []
        if let earlier = remove(key) { dropped.append(earlier) }
        guard cost <= limit else { return dropped }
        let place: Int
        if let unused = free.popLast() {
            place = unused
            entryKeys[place] = key
            values[place] = value
            links[place] = RecentLink(cost: cost)
        } else {
            place = links.count
            entryKeys.append(key)
            values.append(value)
            links.append(RecentLink(cost: cost))
        }
        places[key] = place
        link(place)
        self.cost += cost
        while self.cost > limit, oldest != place, let victim = take(oldest) { dropped.append(victim) }
        return dropped
    }

    /// Forgets a key.
    @discardableResult
    public mutating func remove(_ key: Key) -> Value? {
        places[key].flatMap { take($0) }
    }

    private mutating func take(_ place: Int) -> Value? {
        guard links.indices.contains(place), let key = entryKeys[place] else { return nil }
        let value = values[place]
        unlink(place)
        entryKeys[place] = nil
        values[place] = nil
        places.removeValue(forKey: key)
        free.append(place)
        cost -= links[place].cost
        return value
    }

    /// Makes an entry that is not in the list the newest.
    @inlinable mutating func link(_ place: Int) {
        links[place].newer = RecentLink.nowhere
        links[place].older = newest
        if newest == RecentLink.nowhere { oldest = place } else { links[newest].newer = place }
        newest = place
    }

    @inlinable mutating func unlink(_ place: Int) {
        let (newer, older) = (links[place].newer, links[place].older)
        if newer == RecentLink.nowhere { newest = older } else { links[newer].older = older }
        if older == RecentLink.nowhere { oldest = newer } else { links[older].newer = newer }
    }
}

/// Where an entry is in the order of use.
@usableFromInline struct RecentLink {
    @usableFromInline static let nowhere = -1

    let cost: Int
    /// The places of the entries that were used next after this one, and next before.
    @usableFromInline var newer = RecentLink.nowhere
    @usableFromInline var older = RecentLink.nowhere
}
