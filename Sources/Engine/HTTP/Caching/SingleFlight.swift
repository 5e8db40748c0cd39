internal import Synchronization

/// Runs one piece of work for any number of callers that ask for the same key at the same time.
///
/// The work runs in a task of its own: a caller that is cancelled or goes away does not stop it for the others.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let flights = Mutex<[Key: Task<Value, any Error>]>([:])

    package init() {}

    /// The result of the flight for `key` that is under way, or of a new one that runs `work`.
    package func run(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await task(key, work).value
    }

    /// Cancels the work that is under way, although callers wait for it.
    package func cancelAll() {
        for flight in flights.withLock({ Array($0.values) }) { flight.cancel() }
    }

    private func task(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) -> Task<Value, any Error> {
        flights.withLock { flights in
            if let flight = flights[key] { return flight }
            let flight = Task {
                defer { _ = self.flights.withLock { $0.removeValue(forKey: key) } }
                return try await work()
            }
            flights[key] = flight
            return flight
        }
    }
}
