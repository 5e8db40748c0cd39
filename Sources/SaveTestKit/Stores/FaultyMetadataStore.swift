public import SavePlatform

/// A metadata store whose n-th operation fails. A write counts twice: it can fail before its closure runs, and at its
/// commit, when the closure has done its work.
public final class FaultyMetadataStore: MetadataStore {
    private let base: any MetadataStore
    public let faults: FaultCounter

    public init(_ base: any MetadataStore, failing: Int, code: SaveError.Code = .storageUnavailable) {
        self.base = base
        faults = FaultCounter(failing: failing, code: code)
    }

    /// A store that shares its count with others.
    public init(_ base: any MetadataStore, faults: FaultCounter) {
        self.base = base
        self.faults = faults
    }

    public func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try faults.step()
        return try await base.read(body)
    }

    public func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try faults.step()
        return try await base.write { [faults] writing in
            let value = try body(writing)
            try faults.step()
            return value
        }
    }
}
