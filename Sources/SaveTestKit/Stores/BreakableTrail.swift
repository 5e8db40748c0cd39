internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// A metadata store whose audit trail takes no records any more, once it is told so; everything else goes on.
package final class BreakableTrail: MetadataStore {
    private let base: any MetadataStore
    private let isBroken = Mutex(false)

    package init(_ base: any MetadataStore) { self.base = base }

    /// From now on every record is refused.
    package func breakTrail() { isBroken.withLock { $0 = true } }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        let isBroken = isBroken.withLock { $0 }
        return try await base.write { try body(isBroken ? Refusing(base: $0) : $0) }
    }

    private struct Refusing: MetadataForwarding {
        let base: any MetadataWriting

        func append(_ record: AuditRecord) throws {
            throw SaveError(.storageUnavailable, "the audit trail takes no records")
        }
    }
}
