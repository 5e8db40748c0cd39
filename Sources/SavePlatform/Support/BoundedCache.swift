internal import Synchronization

/// Values kept up to a total cost. When it is exceeded, entries that were not used for long go first, approximately: the
/// oldest of a few that are looked at.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var cost: Int
        var used: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var cost = 0
        var tick: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private static var sampleSize: Int { 16 }

    package init(limit: Int) { self.limit = limit }

    /// The value of a key.
    package subscript(key: Key) -> Value? {
        state.withLock { state in
            state.tick &+= 1
            guard let index = state.entries.index(forKey: key) else { return nil }
            state.entries.values[index].used = state.tick
            return state.entries.values[index].value
        }
    }

    /// Keeps a value in place of an earlier one. A value that costs more than the whole cache may is not kept.
    package func insert(_ value: Value, for key: Key, cost: Int = 1) {
        state.withLock { insert(value, for: key, cost: cost, in: &$0) }
    }

    /// The value of a key, which is `value` where there was none.
    package func insertIfAbsent(_ value: Value, for key: Key) -> Value {
        state.withLock { state in
            if let known = state.entries[key]?.value { return known }
            insert(value, for: key, cost: 1, in: &state)
            return value
        }
    }

    /// Gives a value its cost anew, if it is the one that is meant; what was replaced or pushed out stays away.
    package func adjust(cost: Int, for key: Key, where matches: (Value) -> Bool) {
        state.withLock { state in
            guard let value = state.entries[key]?.value, matches(value) else { return }
            insert(value, for: key, cost: cost, in: &state)
        }
    }

    /// Forgets a key, if its value is the one that is meant.
    package func remove(_ key: Key, where matches: (Value) -> Bool = { _ in true }) {
        state.withLock { state in
            guard let value = state.entries[key]?.value, matches(value) else { return }
            if let old = state.entries.removeValue(forKey: key) { state.cost -= old.cost }
        }
    }

    private func insert(_ value: Value, for key: Key, cost: Int, in state: inout State) {
        if let old = state.entries.removeValue(forKey: key) { state.cost -= old.cost }
        guard cost <= limit else { return }
        state.tick &+= 1
        state.entries[key] = Entry(value: value, cost: cost, used: state.tick)
        state.cost += cost
        while state.cost > limit, let victim = Self.oldest(of: state.entries, except: key) {
            if let old = state.entries.removeValue(forKey: victim) { state.cost -= old.cost }
        }
    }

    /// Forgets every entry whose key fits.
    package func removeAll(where matches: (Key) -> Bool) {
        state.withLock { state in
            for key in state.entries.keys.filter(matches) {
                if let old = state.entries.removeValue(forKey: key) { state.cost -= old.cost }
            }
        }
    }

    /// The number of entries and their total cost.
    package var usage: (count: Int, cost: Int) { state.withLock { ($0.entries.count, $0.cost) } }

    private static func oldest(of entries: [Key: Entry], except kept: Key) -> Key? {
        guard entries.count > 1 else { return nil }
        let start = Int.random(in: 0..<entries.count)
        var index = entries.index(entries.startIndex, offsetBy: start)
        var oldest: (key: Key, used: UInt64)?
        for _ in 0..<sampleSize + 1 {
            if index == entries.endIndex { index = entries.startIndex }
            let (key, entry) = entries[index]
            if key != kept, entry.used < oldest?.used ?? .max { oldest = (key, entry.used) }
            index = entries.index(after: index)
        }
        return oldest?.key
    }
}
