package import SavePlatform
package import SaveStorage

/// A metadata store whose n-th operation fails. A write counts twice: it can fail before its closure runs, and at its
/// commit, when the closure has done its work.
package final class FaultyMetadataStore: MetadataStore {
    private let base: any MetadataStore
    package let faults: FaultCounter

    package init(_ base: any MetadataStore, failing: Int, code: SaveError.Code = .storageUnavailable) {
        self.base = base
        faults = FaultCounter(failing: failing, code: code)
    }

    /// A store that shares its count with others.
    package init(_ base: any MetadataStore, faults: FaultCounter) {
        self.base = base
        self.faults = faults
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try faults.step()
        return try await base.read(body)
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try faults.step()
        return try await base.write { [faults] writing in
            let value = try body(writing)
            try faults.step()
            return value
        }
    }
}
