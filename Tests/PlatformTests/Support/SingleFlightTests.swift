import EngineTestKit
import SaveHTTP
import SavePlatform
import Synchronization
import Testing

@Suite struct SingleFlightTests {
    @Test func `callers that come meanwhile share one run`() async throws {
        let flight = SingleFlight<String, Int>()
        let runs = Count()
        let gate = Gate()
        async let first = flight.run("key") {
            runs.add()
            await gate.wait()
            return 42
        }
        while runs.value == 0 { await Task.yield() }
        async let second = flight.run("key") {
            runs.add()
            return 43
        }
        await Task.yield()
        gate.open()
        let results = try await [first, second]
        // The second may have come after the first was done; it never ran beside it.
        #expect(results[0] == 42)
        #expect(results[1] == 42 || runs.value == 2)
    }

    @Test func `a failed run is not remembered`() async throws {
        let flight = SingleFlight<String, Int>()
        await #expect(throws: SaveError.self) { try await flight.run("key") { throw SaveError(.busy, "no") } }
        #expect(try await flight.run("key") { 1 } == 1)
    }

    @Test func `a caller that is cancelled does not stop the run for the others`() async throws {
        let flight = SingleFlight<String, Int>()
        let gate = Gate()
        let impatient = Task {
            try await flight.run("key") {
                await gate.wait()
                return Task.isCancelled ? 0 : 42
            }
        }
        impatient.cancel()
        async let patient = flight.run("key") { 42 }
        gate.open()
        #expect(try await patient == 42)
    }
}

/// A number that tasks count up together.
final class Count: Sendable {
    private let number = Mutex(0)
    func add() { number.withLock { $0 += 1 } }
    var value: Int { number.withLock { $0 } }
}
