internal import Synchronization

/// Indexes that clients use and that are about to expire, waiting to be asked for again.
///
/// Bounded: what does not fit is asked for when it expires, while somebody waits, as if there were no renewals.
final class UpstreamRenewals: Sendable {
    typealias Key = UpstreamMemory.Key

    private let waiting = Mutex<Set<Key>>([])
    private let keys: AsyncStream<Key>
    private let inlet: AsyncStream<Key>.Continuation

    private static let maxWaiting = 1024
    /// Requests to upstreams at a time.
    private static let workers = 4

    init() {
        (keys, inlet) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maxWaiting))
    }

    /// Renewals that wait or are under way.
    var count: Int { waiting.withLock { $0.count } }

    /// Asks for a renewal, once however often it is called.
    func request(_ key: Key) {
        let isNew = waiting.withLock { waiting in
            waiting.count < Self.maxWaiting && waiting.insert(key).inserted
        }
        if isNew { inlet.yield(key) }
    }

    /// Renews what is asked for until the task is cancelled. Call it once.
    func run(_ renew: @escaping @Sendable (Key) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await key in keys {
                if running == Self.workers {
                    await group.next()
                    running -= 1
                }
                group.addTask {
                    await renew(key)
                    _ = self.waiting.withLock { $0.remove(key) }
                }
                running += 1
            }
            group.cancelAll()
        }
    }
}
