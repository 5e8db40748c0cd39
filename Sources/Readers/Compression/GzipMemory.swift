internal import Synchronization

/// Parts of pages as they were compressed, so that of a page in which little changed only that part is compressed again.
///
/// In two halves: when the newer is full, the older goes. What is found in the older belongs to the newer again.
package final class GzipMemory: Sendable {
    /// Everything that a compressed part is made of.
    struct Key: Hashable {
        /// SHA-256 of the dictionary and the part.
        let digest: [UInt8]
        /// Bytes of the dictionary.
        let dictionary: Int
        let isLast: Bool
        let level: Int32
    }

    private struct State {
        var newer: [Key: GzipParts.Part] = [:]
        var older: [Key: GzipParts.Part] = [:]
        /// Bytes of the newer half.
        var size = 0
    }

    private let half: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes of compressed parts that are kept.
    package init(limit: Int) { half = limit / 2 }

    /// Parts that are kept.
    package var count: Int { state.withLock { $0.newer.count + $0.older.count } }

    subscript(key: Key) -> GzipParts.Part? {
        get {
            state.withLock { state in
                if let part = state.newer[key] { return part }
                guard let part = state.older.removeValue(forKey: key) else { return nil }
                add(part, key, &state)
                return part
            }
        }
        set {
            guard let newValue, newValue.deflated.count <= half else { return }
            state.withLock { add(newValue, key, &$0) }
        }
    }

    private func add(_ part: GzipParts.Part, _ key: Key, _ state: inout State) {
        if state.size + part.deflated.count > half {
            state.older = state.newer
            state.newer = [:]
            state.size = 0
        }
        if state.newer.updateValue(part, forKey: key) == nil { state.size += part.deflated.count }
    }
}
