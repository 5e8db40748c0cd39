package import SaveStorage
internal import Synchronization

/// A store in which somebody else, such as another process, makes a change just before a write: after all that its caller has read.
package final class InterleavedMetadataStore: MetadataStore {
    package typealias Change = @Sendable (any MetadataWriting) throws -> Void

    private let base: any MetadataStore
    private let changes = Mutex<(change: Change, left: Int)?>(nil)

    package init(_ base: any MetadataStore = InMemoryMetadataStore()) { self.base = base }

    /// Makes a change before each of the next so many writes.
    package func beforeNextWrite(times: Int = 1, _ change: @escaping Change) {
        changes.withLock { $0 = (change, times) }
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        let next = changes.withLock { changes -> Change? in
            guard let (change, left) = changes, left > 0 else { return nil }
            changes = (change, left - 1)
            return change
        }
        if let next { try await base.write(next) }
        return try await base.write(body)
    }
}
