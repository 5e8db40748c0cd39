// Its look-up is made one with its callers in other modules (`@inlinable`): every request looks several things up.
public import Synchronization

/// Values kept up to a total cost, shared by all threads. When it is exceeded, what was not used for longest goes.
public final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline let table: Mutex<RecentTable<Key, Value>>

    public init(limit: Int) { table = Mutex(RecentTable(limit: limit)) }

    /// The value of a key.
    @inlinable public subscript(key: Key) -> Value? { table.withLock { $0[key] } }

    /// Keeps a value in place of an earlier one. A value that costs more than the whole cache may is not kept.
    public func insert(_ value: Value, for key: Key, cost: Int = 1) {
        // What goes may be the last reference to a large page or to an open file: it ends after the lock, not under it.
        _ = table.withLock { $0.insert(value, for: key, cost: cost) }
    }

    /// The value of a key, which is `value` where there was none.
    public func insertIfAbsent(_ value: Value, for key: Key) -> Value {
        let (kept, _) = table.withLock { table in
            if let known = table[key] { return (known, [Value]()) }
            return (value, table.insert(value, for: key, cost: 1))
        }
        return kept
    }

    /// Gives a value another cost, if it is the one that is meant; what was replaced or pushed out stays away.
    public func adjust(cost: Int, for key: Key, where matches: (Value) -> Bool) {
        _ = table.withLock { table in
            guard let value = table.peek(key), matches(value) else { return [Value]() }
            return table.insert(value, for: key, cost: cost)
        }
    }

    /// Forgets a key, if its value is the one that is meant.
    public func remove(_ key: Key, where matches: (Value) -> Bool = { _ in true }) {
        _ = table.withLock { table in
            guard let value = table.peek(key), matches(value) else { return Value?.none }
            return table.remove(key)
        }
    }

    /// Forgets every entry whose key fits: the one operation that looks at all of them.
    public func removeAll(where matches: (Key) -> Bool) {
        _ = table.withLock { table in
            var dropped: [Value] = []
            for key in table.keys.filter(matches) {
                if let value = table.remove(key) { dropped.append(value) }
            }
            return dropped
        }
    }

    /// The number of entries and their total cost.
    public var usage: (count: Int, cost: Int) { table.withLock { ($0.count, $0.cost) } }
}
