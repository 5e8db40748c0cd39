import SavePlatform
import SaveServer
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// What readiness says while others have the database, and when it is gone.
@Suite(.timeLimit(.minutes(1))) struct HealthTests {
    private let store = HeldStore()
    private let clock = ManualClock()

    private func health(patience: Duration = .seconds(60)) -> Health {
        Health(
            store: store, blobs: InMemoryBlobStore(), version: "1.2.3", patience: patience, clock: clock.platform)
    }

    @Test func `readiness is answered while reads wait, from what was found less than two seconds ago`() async {
        let health = health()
        #expect(await health.failingPart() == nil)
        store.hold()
        // With reads that do not come back, an answer that waited for one would never come.
        for _ in 0..<3 {
            #expect(await health.failingPart() == nil)
            clock.advance(seconds: 1)
            #expect(await health.failingPart() == nil)
            #expect(await health.failingPart() == nil)
            await store.waitForReader()
            store.letGo()
            await store.waitForNobody()
            store.hold()
        }
        store.letGo()
    }

    @Test func `all who ask at once share one look`() async {
        let health = health()
        store.hold()
        async let all: Void = withTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { await health.failingPart() } }
            for await part in group { #expect(part == nil) }
        }
        await store.waitForReader()
        store.letGo()
        await all
        #expect(store.reads == 1)
    }

    @Test func `nothing is told that is two seconds old: a database that is gone is told at the next look`() async {
        let health = health()
        #expect(await health.failingPart() == nil)
        store.fail(true)
        #expect(await health.failingPart() == nil)
        clock.advance(seconds: 2)
        #expect(await health.failingPart() == "database")
        store.fail(false)
        clock.advance(seconds: 2)
        #expect(await health.failingPart() == nil)
    }

    @Test func `a database that does not answer is told when patience is at its end, and so is its return`() async {
        let health = health(patience: .milliseconds(5))
        store.hold()
        #expect(await health.failingPart() == "database")
        clock.advance(seconds: 1)
        #expect(await health.failingPart() == "database")
        #expect(store.reads == 1)
        store.letGo()
        await store.waitForNobody()
        while await health.failingPart() != nil { await Task.yield() }
    }
}

/// A store in memory whose reads can be held, as behind a queue of others, or fail.
private final class HeldStore: MetadataStore {
    private struct State {
        var isHeld = false
        var fails = false
        var reads = 0
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let base = InMemoryMetadataStore()
    private let state = Mutex(State())

    /// Reads that were begun.
    var reads: Int { state.withLock { $0.reads } }

    func hold() { state.withLock { $0.isHeld = true } }
    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    func letGo() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }

    func waitForReader() async { while state.withLock({ $0.held.isEmpty }) { await Task.yield() } }
    func waitForNobody() async { while !state.withLock({ $0.held.isEmpty }) { await Task.yield() } }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                state.reads += 1
                if state.isHeld { state.held.append(continuation) }
                return state.isHeld
            }
            if !waits { continuation.resume() }
        }
        if state.withLock({ $0.fails }) { throw SaveError(.storageUnavailable, "the database is gone") }
        return try await base.read(body)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await base.write(body)
    }
}
