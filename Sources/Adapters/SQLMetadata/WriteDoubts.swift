internal import SavePlatform
internal import Synchronization

/// Whether there was a write of which nobody knows if it was committed, because the database's answer got lost. What others have read
/// before and keep in memory may be wrong then, and they read it again.
final class WriteDoubts: Sendable {
    private struct State {
        var exist = false
        var listener: (@Sendable () async throws -> Void)?
    }

    private let state = Mutex(State())

    func note() { state.withLock { $0.exist = true } }

    func listen(_ listener: @escaping @Sendable () async throws -> Void) { state.withLock { $0.listener = listener } }

    /// Tells the listener, once, when it succeeds.
    func settle() async {
        let listener = state.withLock { state -> (@Sendable () async throws -> Void)? in
            guard state.exist, let listener = state.listener else { return nil }
            state.exist = false
            return listener
        }
        guard let listener else { return }
        // The database may still be away: the next second tries again.
        do { try await listener() } catch { note() }
    }
}
