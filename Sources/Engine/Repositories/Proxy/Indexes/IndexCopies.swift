internal import Synchronization

/// Writes fetched indexes to disk in the background; writes for one index run in order.
///
/// A caller that asked for a page does not wait for the disk: a copy that a crash takes along, or that finds the disk full, is a page that
/// the upstream is asked for again and nothing more.
final class IndexCopies: Sendable {
    typealias Key = UpstreamMemory.Key

    private struct Copy {
        let number: UInt64
        let task: Task<Void, Never>
    }

    private struct State {
        var copies: [Key: Copy] = [:]
        var count: UInt64 = 0
    }

    private let state = Mutex(State())
    /// Copies that did not get to the disk, since the start.
    let failures = Atomic(0)
    /// So many indexes are in memory at once, waiting for the disk. Past that, who asked waits for it as well.
    private static let maxWaiting = 16

    /// Makes a copy by `work`, after what was begun earlier for the same index.
    func add(_ key: Key, _ work: @escaping @Sendable () async -> Void) async {
        let (task, isOneTooMany) = state.withLock { state in
            let earlier = state.copies[key]?.task
            let number = state.count
            state.count += 1
            let task = Task {
                await earlier?.value
                await work()
                self.state.withLock { state in
                    if state.copies[key]?.number == number { state.copies[key] = nil }
                }
            }
            state.copies[key] = Copy(number: number, task: task)
            return (task, state.copies.count > Self.maxWaiting)
        }
        if isOneTooMany { await task.value }
    }

    /// Waits for the copies that were begun.
    func finish(_ matches: (Key) -> Bool = { _ in true }) async {
        let tasks = state.withLock { $0.copies.filter { matches($0.key) }.values.map(\.task) }
        for task in tasks { await task.value }
    }
}
