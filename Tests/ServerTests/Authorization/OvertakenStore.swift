import SaveStorage
import Synchronization

/// A store before whose next change something else happens.
final class OvertakenStore: MetadataStore {
    typealias Event = @Sendable () async throws -> Void

    private let base: any MetadataStore
    private let next = Mutex<Event?>(nil)

    init(_ base: any MetadataStore) { self.base = base }

    func beforeNextWrite(_ event: @escaping Event) { next.withLock { $0 = event } }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        let event = next.withLock { next in
            defer { next = nil }
            return next
        }
        try await event?()
        return try await base.write(body)
    }
}
