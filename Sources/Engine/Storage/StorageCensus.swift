package import SaveHTTP
package import SavePlatform
internal import Synchronization

/// What the blobs take, and what for. Telling it takes a walk through all of them, which is made behind the backs of those who
/// ask: they get what the last walk found, and what one finds that is done at once.
package final class StorageCensus: Sendable {
    /// Bytes.
    package struct Sizes: Sendable, Equatable {
        /// Of all blobs.
        package var physical: Int64 = 0
        /// Of those that files need, each once.
        package var referenced: Int64 = 0
        /// Of those that are kept as copies of upstreams' indexes, and needed by no file.
        package var cachedIndexes: Int64 = 0
        /// Of those that collecting garbage would remove now.
        package var reclaimable: Int64 = 0

        package init() {}
    }

    /// What is known.
    package struct Finding: Sendable {
        package let sizes: Sizes
        /// When the walk began; nil for one that was made for the one who asks.
        package let measured: Timestamp?

        package init(sizes: Sizes, measured: Timestamp?) {
            self.sizes = sizes
            self.measured = measured
        }
    }

    private struct Walk {
        let sizes: Sizes
        let time: Timestamp
        let began: UInt64
        let ended: UInt64
    }

    private struct Running {
        let task: Task<Void, Never>
        let began: UInt64
    }

    private struct State {
        var last: Walk?
        var running: Running?
    }

    private let state = Mutex(State())
    private let measure: @Sendable () async throws -> Sizes
    private let clock: PlatformClock
    private let log: Log

    /// How long a caller waits for a walk. Nanoseconds.
    private let patience: UInt64
    /// Walks that take longer than that are pauses apart that are so many times as long.
    private static let pause: UInt64 = 20

    /// - Parameters:
    ///   - patience: how long a caller waits for a walk, in nanoseconds.
    ///   - measure: walks through all blobs.
    package init(
        clock: PlatformClock, log: Log, patience: UInt64 = 15_000_000, measure: @escaping @Sendable () async throws -> Sizes
    ) {
        self.patience = patience
        self.clock = clock
        self.log = log
        self.measure = measure
    }

    /// The sizes; nil while the first walk is under way.
    package func finding() async -> Finding? {
        let asked = clock.uptime()
        let earlier = state.withLock { $0.running }
        if let earlier {
            // A walk that has not ended by now takes its time, and nobody waits for it. What came after it began may have escaped it.
            if asked - min(earlier.began, asked) < patience { await wait(for: earlier.task) }
        }
        // One that did not end while it was waited for is not waited for again.
        if let walk = begin(), walk != earlier?.task { await wait(for: walk) }
        guard let last = state.withLock({ $0.last }) else { return nil }
        return Finding(sizes: last.sizes, measured: last.began >= asked ? nil : last.time)
    }

    /// The walk that is under way, or a new one; nil where the last one is recent for what it took.
    @discardableResult
    package func begin() -> Task<Void, Never>? {
        let now = clock.uptime()
        return state.withLock { state in
            if let running = state.running { return running.task }
            if let last = state.last {
                let length = last.ended - min(last.began, last.ended)
                if length > patience, now < last.ended &+ length &* Self.pause { return nil }
            }
            let walk = Task { await self.walk() }
            state.running = Running(task: walk, began: now)
            return walk
        }
    }

    private func walk() async {
        let (time, began) = (clock.now(), clock.uptime())
        var found: Walk?
        do {
            found = Walk(sizes: try await measure(), time: time, began: began, ended: clock.uptime())
        } catch {
            log(.warning, "what the blobs take could not be measured", ["error": "\(error)"])
        }
        state.withLock { [found] state in
            state.last = found ?? state.last
            state.running = nil
        }
    }

    /// Waits until a walk is done, or for as long as is bearable: it goes on.
    private func wait(for walk: Task<Void, Never>) async {
        let waiter = Waiter()
        await withCheckedContinuation { continuation in
            waiter.begin(continuation)
            Task {
                await walk.value
                waiter.end()
            }
            Task {
                try? await Task.sleep(for: .nanoseconds(patience))
                waiter.end()
            }
        }
    }

    /// Is resumed by the first of several.
    private final class Waiter: Sendable {
        private let continuation = Mutex<CheckedContinuation<Void, Never>?>(nil)

        func begin(_ waiting: CheckedContinuation<Void, Never>) { continuation.withLock { $0 = waiting } }

        func end() {
            let waiting = continuation.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }
            waiting?.resume()
        }
    }
}
