package import SavePlatform
package import SaveStorage
package import SaveTestKit
package import Synchronization

/// A store in memory that counts how often all files of a package are read.
package final class RowCountingStore: MetadataStore {
    private let base = InMemoryMetadataStore()
    private let reads = Mutex(0)

    package init() {}

    package var packagesRead: Int { reads.withLock { $0 } }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.write { try body(Transaction(base: $0, store: self)) }
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await base.write(body)
    }

    private struct Transaction: MetadataForwarding {
        let base: any MetadataWriting
        let store: RowCountingStore

        func assets(_ repository: Int64, package: PackageID) throws -> [StoredAsset] {
            store.reads.withLock { $0 += 1 }
            return try base.assets(repository, package: package)
        }
    }
}
