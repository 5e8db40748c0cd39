import SavePlatform
import SaveStorage
import Synchronization

/// A store that counts its writes, and fails them when it is told to.
final class WriteCountingStore: MetadataStore {
    private let base: any MetadataStore
    private let state = Mutex((writes: 0, fails: false))

    init(_ base: any MetadataStore) { self.base = base }

    var writes: Int { state.withLock { $0.writes } }
    var fails: Bool {
        get { state.withLock { $0.fails } }
        set { state.withLock { $0.fails = newValue } }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        let fails = state.withLock { state in
            state.writes += 1
            return state.fails
        }
        if fails { throw SaveError(.storageUnavailable, "not now") }
        return try await base.write(body)
    }
}
