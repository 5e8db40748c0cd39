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
        fileprivate var isWaiting: Bool { outcome.withLock { if case .waiting = $0 { true } else { false } } }

        init(perform: @escaping @Sendable (SQLiteSession) throws -> Void) { self.perform = perform }
    }

    private let connection: SQLiteConnection
    private let waiting = Mutex<[Job]>([])
    /// Keeps many callers from making each other wait for one long commit.
    private static let mostInOneCommit = 128

    init(_ connection: SQLiteConnection) { self.connection = connection }

    /// Closes the connection, when nobody waits any more.
    func close() { connection.close() }

    /// Adds a job. Its caller then calls `serve` on the writer's thread.
    func add(_ job: Job) { waiting.withLock { $0.append(job) } }

    /// Returns when a job is committed. Called on the writer's thread, once for each job, so mostly an earlier call has
    /// done the work already.
    ///
    /// - Throws: what the job threw, or why the commit failed.
    func serve(_ job: Job) throws {
        while job.isWaiting { run(nextBatch()) }
        if case .failed(let error) = job.outcome.withLock({ $0 }) { throw error }
    }

    private func nextBatch() -> [Job] {
        waiting.withLock { waiting in
            let batch = Array(waiting.prefix(Self.mostInOneCommit))
            waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func run(_ batch: [Job]) {
        var outcomes: [Job.Outcome] = []
        do {
            // IMMEDIATE takes the write lock at once: a transaction that begins by reading could not be upgraded when
            // another program wrote in between.
            try connection.transaction("BEGIN IMMEDIATE") { session in
                for job in batch { outcomes.append(try attempt(job, session, alone: batch.count == 1)) }
            }
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
