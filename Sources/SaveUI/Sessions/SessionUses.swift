internal import Synchronization

/// Notes of the use of sessions that are on their way to the database. The next request of the same session waits for its own, so that
/// it sees what the one before noted.
final class SessionUses: Sendable {
    private let running = Mutex<[String: Task<Void, Never>]>([:])

    /// Begins to note a use, unless one is on its way.
    func note(_ session: String, _ work: @escaping @Sendable () async -> Void) {
        running.withLock { running in
            guard running[session] == nil else { return }
            running[session] = Task { [self] in
                await work()
                self.running.withLock { $0[session] = nil }
            }
        }
    }

    func wait(for session: String) async { await running.withLock { $0[session] }?.value }
}
