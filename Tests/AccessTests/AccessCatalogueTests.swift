import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

struct AccessCatalogueTests {
    private func key(_ number: Int) throws -> KeyRecord {
        try APIKey.issue(
            for: .robot("ci"), description: "\(number)", at: Timestamp(seconds: 1), serverKey: [UInt8](repeating: 1, count: 32)
        ).record
    }

    @Test func `a key that is made, changed or gone is known, and nothing but keys is read again`() async throws {
        let store = ReadCountingStore()
        let catalogue = Catalogue(store: store, formats: FormatRegistry(), clock: ManualClock().platform)
        try await catalogue.reload()
        let before = store.wholeReads.withLock { $0 }
        var expected: [String: KeyRecord] = [:]
        for number in 0..<600 {
            var key = try key(number)
            try await store.write { [key] in try $0.put(key) }
            try await catalogue.reload(keys: [key.id])
            expected[key.id] = key
            if number % 3 == 1 {
                key.expires = Timestamp(seconds: Int64(number))
                try await store.write { [key] in try $0.put(key) }
                expected[key.id] = key
            } else if number % 3 == 2 {
                _ = try await store.write { [key] in try $0.deleteKey(key.id) }
                expected[key.id] = nil
            }
            let generation = catalogue.live.generation
            try await catalogue.reload(keys: [key.id])
            #expect(catalogue.live.generation > generation && catalogue.current.keys[key.id] == expected[key.id])
        }
        let known = catalogue.current.keys
        #expect(known.count == 400 && known.values.allSatisfy { expected[$0.id] == $0 })
        #expect(store.wholeReads.withLock { $0 } == before)
    }

    @Test func `keys that change while everything is read again end as the database has them`() async throws {
        let store = InMemoryMetadataStore()
        let catalogue = Catalogue(store: store, formats: FormatRegistry(), clock: ManualClock().platform)
        try await catalogue.reload()
        let keys = try (0..<40).map(key)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, key) in keys.enumerated() {
                group.addTask {
                    try await store.write { try $0.put(key) }
                    try await catalogue.reload(keys: [key.id])
                    if number % 2 == 0 {
                        _ = try await store.write { try $0.deleteKey(key.id) }
                        try await catalogue.reload(keys: [key.id])
                    }
                    if number % 5 == 0 { try await catalogue.reload() }
                    #expect((catalogue.current.keys[key.id] == nil) == (number % 2 == 0))
                }
            }
            try await group.waitForAll()
        }
        let stored = try await store.read { try $0.keys() }
        #expect(Set(catalogue.current.keys.values.map(\.id)) == Set(stored.map(\.id)))
    }
}

/// Counts the transactions in which all keys are read.
private final class ReadCountingStore: MetadataStore {
    private let store = InMemoryMetadataStore()
    let wholeReads = Mutex(0)

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        let value = try await store.read(body)
        if value is CatalogueRecords { wholeReads.withLock { $0 += 1 } }
        return value
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await store.write(body)
    }
}
