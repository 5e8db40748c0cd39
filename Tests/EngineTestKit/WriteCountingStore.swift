package import SavePlatform
package import SaveStorage
package import Synchronization

/// A store that counts its writes, and fails them when it is told to.
package final class WriteCountingStore: MetadataStore {
    private let base: any MetadataStore
    private let state = Mutex((writes: 0, fails: false))

    package init(_ base: any MetadataStore) { self.base = base }

    package var writes: Int { state.withLock { $0.writes } }
    package var fails: Bool {
        get { state.withLock { $0.fails } }
        set { state.withLock { $0.fails = newValue } }
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        let fails = state.withLock { state in
            state.writes += 1
            return state.fails
        }
        if fails { throw SaveError(.storageUnavailable, "not now") }
        return try await base.write(body)
    }
}
