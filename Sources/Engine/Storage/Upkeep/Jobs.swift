internal import SaveDigest
package import SaveHTTP
package import SavePlatform
internal import Synchronization

/// Work that takes longer than a request: started by one, looked at and cancelled by others. It ends with the process, and is
/// remembered for as long.
package final class Jobs: Sendable {
    package enum State: String, Sendable, CaseIterable {
        case running, succeeded, failed, canceled
    }

    /// One piece of work.
    package struct Job: Sendable {
        package let id: String
        /// What it does: `verify`.
        package let kind: String
        /// The operator that started it, as the audit trail names operators.
        package let startedBy: String
        package let started: Timestamp
        package var ended: Timestamp?
        package var state = State.running
        package var progress = MaintenanceProgress()
        /// What came of it; nil before its end.
        package var result: JSONObject?
        /// Why it failed, for people.
        package var error: String?
    }

    private struct Entry {
        var job: Job
        var task: Task<Void, Never>?
    }

    private let entries = Mutex<[Entry]>([])
    private let clock: PlatformClock
    /// So many are remembered.
    private static let maxJobs = 100

    package init(clock: PlatformClock) { self.clock = clock }

    /// Starts work, of which one of a kind runs at a time.
    ///
    /// - Parameter work: tells how far it is; what it returns is the result.
    /// - Returns: the job; where one of the kind runs already, that one, which is not new, and `work` is not done.
    package func start(
        _ kind: String, by starter: String,
        _ work: @escaping @Sendable (_ onProgress: @escaping @Sendable (MaintenanceProgress) -> Void) async throws -> JSONObject
    ) throws -> (job: Job, isNew: Bool) {
        let id = Hex.encode(try Secrets.random(8))
        let job = Job(id: id, kind: kind, startedBy: starter, started: clock.now())
        let running = entries.withLock { entries -> Job? in
            if let other = entries.first(where: { $0.job.kind == kind && $0.job.state == .running }) { return other.job }
            let firstEnded = entries.firstIndex { $0.job.state != .running }
            if entries.count >= Self.maxJobs, let firstEnded { entries.remove(at: firstEnded) }
            entries.append(Entry(job: job))
            return nil
        }
        if let running { return (running, false) }
        let task = Task { [self] in
            do {
                let result = try await work { progress in self.change(id) { $0.progress = progress } }
                end(id, .succeeded) { $0.result = result }
            } catch is CancellationError {
                end(id, .canceled) { _ in }
            } catch {
                end(id, .failed) { $0.error = (error as? SaveError)?.message ?? "an internal error occurred" }
            }
        }
        entries.withLock { entries in
            if let place = entries.firstIndex(where: { $0.job.id == id }) { entries[place].task = task }
        }
        return (job, true)
    }

    /// All that are remembered, the newest first.
    package var all: [Job] { entries.withLock { $0.reversed().map(\.job) } }

    /// One of them; nil for none.
    package func job(_ id: String) -> Job? { entries.withLock { $0.first { $0.job.id == id }?.job } }

    /// Cancels one and waits for its end. One that has ended stays as it is.
    ///
    /// - Returns: the job; nil for none.
    package func cancel(_ id: String) async -> Job? {
        let task = entries.withLock { $0.first { $0.job.id == id }?.task }
        task?.cancel()
        await task?.value
        return job(id)
    }

    /// One of them at its end, which is waited for; nil for none.
    package func finished(_ id: String) async -> Job? {
        await entries.withLock { $0.first { $0.job.id == id }?.task }?.value
        return job(id)
    }

    /// Cancels all of them and waits for their ends.
    package func stop() async {
        for job in all { _ = await cancel(job.id) }
    }

    private func change(_ id: String, _ body: (inout Job) -> Void) {
        entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.job.id == id }) else { return }
            body(&entries[place].job)
        }
    }

    private func end(_ id: String, _ state: State, _ body: (inout Job) -> Void) {
        let now = clock.now()
        change(id) { job in
            job.state = state
            job.ended = now
            body(&job)
        }
    }
}
