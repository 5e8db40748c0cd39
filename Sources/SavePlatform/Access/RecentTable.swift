/// A table of bounded size: when it is full, what was not used for longest goes.
///
/// Two generations: entries that are used move to the young one; when that is full it becomes the old one and the old
/// one is dropped. So it holds the last `capacity` used entries at least, twice as many at most, and every operation is
/// constant.
package struct RecentTable<Key: Hashable, Value> {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private let capacity: Int

    package init(capacity: Int) { self.capacity = max(1, capacity) }

    package var count: Int { young.count + old.count }

    package subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old.removeValue(forKey: key) else { return nil }
            insert(key, value)
            return value
        }
        set {
            old.removeValue(forKey: key)
            if let newValue { insert(key, newValue) } else { young.removeValue(forKey: key) }
        }
    }

    private mutating func insert(_ key: Key, _ value: Value) {
        if young.count >= capacity, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = value
    }
}
