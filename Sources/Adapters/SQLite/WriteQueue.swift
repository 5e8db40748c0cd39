internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata
internal import Synchronization

/// Writes that wait for the one connection that may write.
///
/// All that wait at the same time share one commit, and so one fsync: each has a savepoint of its own, so that one that
/// fails leaves the others alone. Nobody is told "done" before the shared commit is on the disk.
final class WriteQueue: Sendable {
    /// One write, and in the end what became of it.
    final class Job: Sendable {
        enum Outcome: Sendable {
            case waiting, done
            case failed(any Error)
        }

        let perform: @Sendable (SQLiteSession) throws -> Void
        fileprivate let outcome = Mutex(Outcome.waiting)
        /// Uptime in nanoseconds after which it is not begun any more.
        fileprivate let deadline: UInt64
        fileprivate var isWaiting: Bool { outcome.withLock { if case .waiting = $0 { true } else { false } } }

        fileprivate init(deadline: UInt64, perform: @escaping @Sendable (SQLiteSession) throws -> Void) {
            self.deadline = deadline
            self.perform = perform
        }
    }

    private let connection: SQLiteConnection
    private struct State {
        var waiting: [Job] = []
        /// Whether another program held the lock when it was tried last.
        var isLocked = false
    }

    private let state = Mutex(State())
    /// How long a job waits for another program's lock, in nanoseconds, counted from when it was added. While the lock is known
    /// to be held, later jobs wait a tenth of that: a request makes several writes, and nobody should wait for each of them.
    private let patience: UInt64
    /// Keeps many callers from making each other wait for one long commit.
    private static let maxInOneCommit = 128

    /// - Parameter busyMilliseconds: how long a job waits for another program's lock.
    init(_ connection: SQLiteConnection, busyMilliseconds: Int32) {
        self.connection = connection
        patience = UInt64(max(0, busyMilliseconds)) * 1_000_000
        connection.stopWaitingForOthers()
    }

    /// Closes the connection, when nobody waits any more.
    func close() { connection.close() }

    /// Adds a job. Its caller then calls `serve` on the writer's thread.
    func add(_ perform: @escaping @Sendable (SQLiteSession) throws -> Void) -> Job {
        let now = PlatformClock.system.uptime()
        return state.withLock { state in
            let job = Job(deadline: now + (state.isLocked ? patience / 10 : patience), perform: perform)
            state.waiting.append(job)
            return job
        }
    }

    /// Returns when a job is committed. Called on the writer's thread, once for each job, so mostly an earlier call has
    /// done the work already.
    ///
    /// - Throws: what the job threw, or why the commit failed.
    func serve(_ job: Job) throws {
        while job.isWaiting { run(nextBatch()) }
        if case .failed(let error) = job.outcome.withLock({ $0 }) { throw error }
    }

    private func nextBatch() -> [Job] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.maxInOneCommit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    /// Puts those of a batch back that may wait longer for another program, and tells the others.
    private func postpone(_ batch: [Job], because error: SaveError) {
        let now = PlatformClock.system.uptime()
        state.withLock { state in
            state.isLocked = true
            state.waiting.insert(contentsOf: batch.filter { $0.deadline > now }, at: 0)
        }
        for job in batch where job.deadline <= now { job.outcome.withLock { $0 = .failed(error) } }
    }

    private func run(_ batch: [Job]) {
        var outcomes: [Job.Outcome] = []
        var isBegun = false
        do {
            // IMMEDIATE takes the write lock at once: a transaction that begins by reading could not be upgraded when
            // another program wrote in between.
            try connection.transaction("BEGIN IMMEDIATE") { session in
                isBegun = true
                state.withLock { $0.isLocked = false }
                for job in batch { outcomes.append(try attempt(job, session, alone: batch.count == 1)) }
            }
        } catch let error as SaveError where error.code == .busy && !isBegun {
            postpone(batch, because: error)
            // SQLite's own waiting counts the sleeps that it asked for, which on a busy machine are shorter than those it gets.
            usleep(10_000)
            return
        } catch {
            // Nothing of this batch is on the disk, whatever its jobs did. One that failed by itself keeps its own reason.
            for index in outcomes.indices { if case .done = outcomes[index] { outcomes[index] = .failed(error) } }
            outcomes += Array(repeating: .failed(error), count: batch.count - outcomes.count)
        }
        for (job, outcome) in zip(batch, outcomes) { job.outcome.withLock { $0 = outcome } }
    }

    /// Runs a job between savepoints.
    ///
    /// - Throws: when the whole transaction cannot go on.
    private func attempt(_ job: Job, _ session: SQLiteSession, alone: Bool) throws -> Job.Outcome {
        if alone {
            try job.perform(session)
            return .done
        }
        try connection.control("SAVEPOINT job")
        do {
            try job.perform(session)
            guard connection.isInTransaction else { throw SQLiteSession.lost }
        } catch {
            guard connection.isInTransaction else { throw error }
            try connection.control("ROLLBACK TO job")
            try connection.control("RELEASE job")
            return .failed(error)
        }
        try connection.control("RELEASE job")
        return .done
    }
}
