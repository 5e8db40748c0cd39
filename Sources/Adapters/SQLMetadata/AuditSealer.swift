internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Gives the records of a database with several writers their places in the audit trail: at once for those that this process wrote,
/// and every second for those that another one left.
final class AuditSealer: Sendable {
    private struct State {
        var isAtWork = false
        /// Writes whose records must be looked for, which a run that began before them may have missed.
        var callers: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
        /// Since when, in nanoseconds of uptime, every attempt failed, and why the last one did.
        var failure: (since: UInt64, error: any Error)?
    }

    private let database: any SQLDatabase
    private let settings: SettingsText
    private let doubts: WriteDoubts
    private let state = Mutex(State())

    init(_ database: any SQLDatabase, _ settings: SettingsText, _ doubts: WriteDoubts) {
        self.database = database
        self.doubts = doubts
        self.settings = settings
    }

    /// Returns when what was committed before the call has its place. Where the database fails, another call or the next second does
    /// it: a record that waits is as durable as its change.
    func seal() async {
        await withCheckedContinuation { continuation in
            let begins = state.withLock { state in
                state.callers.append(continuation)
                defer { state.isAtWork = true }
                return !state.isAtWork
            }
            if begins { Task { await work() } }
        }
    }

    /// Looks every second for what others have left, and for doubts, until the store is closed.
    func watch() {
        Task { [weak self] in
            var second = 0
            while let self, !self.state.withLock({ $0.isStopped }) {
                if await self.areWaiting() { await self.seal() } else { self.note(nil) }
                await self.doubts.settle()
                if second % 60 == 0 { await self.tidy() }
                second += 1
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// - Throws: `storageUnavailable` where every attempt has failed for so many nanoseconds.
    func check(_ patience: UInt64) throws {
        let now = PlatformClock.system.uptime()
        guard let failure = state.withLock({ $0.failure }), now >= failure.since + patience else { return }
        throw SaveError(
            .storageUnavailable, "records of the audit trail are kept and do not get their places in it: \(failure.error)",
            underlying: failure.error)
    }

    private func note(_ error: (any Error)?) {
        let now = PlatformClock.system.uptime()
        state.withLock { state in state.failure = error.map { (state.failure?.since ?? now, $0) } }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private func work() async {
        while true {
            let callers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                defer { state.callers = [] }
                if state.callers.isEmpty { state.isAtWork = false }
                return state.callers
            }
            guard !callers.isEmpty else { return }
            while await sealSome() == SQLTransaction.sealedAtOnce {}
            for caller in callers { caller.resume() }
        }
    }

    /// Returns how many records got their place; 0 as well where the database fails.
    private func sealSome() async -> Int {
        do {
            let count = try await database.writeAlone { [self] session in try transaction(session).seal() }
            note(nil)
            return count
        } catch {
            note(error)
            return 0
        }
    }

    private func areWaiting() async -> Bool {
        // Where nobody can tell, the attempt says why.
        (try? await database.read { try $0.exists("SELECT 1 FROM audit_waiting LIMIT 1", []) }) ?? true
    }

    private func tidy() async {
        try? await database.writeAlone { [self] session in try transaction(session).tidy() }
    }

    private func transaction(_ session: any SQLSession) -> SQLTransaction {
        SQLTransaction(session: session, dialect: database.dialect, settings: settings, waiting: nil)
    }
}
