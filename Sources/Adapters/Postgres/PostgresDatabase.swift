internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata
internal import Synchronization

/// Some connections to one database, each used by one transaction at a time, on threads of their own.
final class PostgresDatabase: SQLDatabase {
    private struct State {
        var idle: [PostgresConnection] = []
        var users = 0
        var isClosed = false
        /// Since when no connection is to be had, in nanoseconds of uptime, and why.
        var unreachable: (since: UInt64, problem: PostgresFailure)?
        /// Whether one caller looks whether the database is back.
        var isProbing = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    let dialect = SQLDialect.postgres
    private let address: PostgresAddress
    private let threads: BlockingPool
    private let sealing = BlockingPool(name: "postgres-alone", threads: 1)
    private let state = Mutex(State())
    /// How long a transaction is begun again, in nanoseconds, since its caller came.
    private let patience: UInt64
    /// Overtaken so often, a transaction waits for its turn among those that were overtaken as well.
    private static let attemptsBesideOthers = 3
    /// So many transactions may wait for a connection; what comes then is refused.
    private static let maxWaiting = 2000

    /// Connects to nothing yet.
    ///
    /// - Parameter connections: how many transactions run at a time, and one that runs alone.
    init(_ address: PostgresAddress, connections: Int, patience: Duration) {
        self.address = address
        self.patience = UInt64(max(0, patience.components.seconds)) * 1_000_000_000
        threads = BlockingPool(name: "postgres", threads: connections)
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try await run(on: threads, .short, { _ in .read }, body)
    }

    /// Writes leave at least one thread to reads.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try await run(on: threads, .long, { $0 > Self.attemptsBesideOthers ? .writeInTurn : .write }, body)
    }

    func writeAlone<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try await run(on: sealing, .short, { _ in .alone }, body)
    }

    /// Runs a step of the schema at once, on the caller's thread, and does not try again.
    func changeSchema(_ body: (any SQLSession) throws -> Void) throws {
        do {
            try attempt(.schema, until: 0, body)
        } catch let problem as PostgresFailure {
            throw problem.error
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.users > 0 { state.closers.append(continuation) }
                return state.users == 0
            }
            if isIdle { continuation.resume() }
        }
        dropIdle()
        threads.stop()
        sealing.stop()
    }

    // MARK: - Whole transactions

    private func run<Value: Sendable>(
        on threads: BlockingPool, _ length: BlockingPool.Length,
        _ kind: @escaping @Sendable (_ attempt: Int) -> PostgresTransaction,
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try state.withLock { state in
            guard !state.isClosed else { throw SaveError(.storageUnavailable, "the database is closed") }
            guard threads.waiting < Self.maxWaiting else {
                throw SaveError(.busy, "too many requests wait for the database: ask again later")
            }
            state.users += 1
        }
        defer { leave() }
        let end = PlatformClock.system.uptime() + patience
        return try await threads.run(lasting: length) { [self] in
            var number = 1
            while true {
                do {
                    return try attempt(kind(number), until: end, body)
                } catch let problem as PostgresFailure {
                    guard problem.mayPass, PlatformClock.system.uptime() < limit(end, problem) else {
                        throw problem.error
                    }
                    pause(number, problem)
                    number += 1
                }
            }
        }
    }

    /// Until when a transaction is begun again. A database that has been gone for longer than that keeps nobody waiting: each caller has
    /// one look.
    private func limit(_ end: UInt64, _ problem: PostgresFailure) -> UInt64 {
        guard problem.isLost, let since = state.withLock({ $0.unreachable?.since }) else { return end }
        return min(end, since + patience)
    }

    private func leave() {
        let closers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.users -= 1
            guard state.users == 0 else { return [] }
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Longer each time, and not for all the same. The first new connection after a lost one is tried at once.
    private func pause(_ attempt: Int, _ problem: PostgresFailure) {
        guard attempt > 1 || problem.isOvertaken else { return }
        let most = problem.isOvertaken ? 50 : 1000
        NamedThread.sleep(.milliseconds(Int.random(in: 0...min(most, 4 << min(attempt, 8)))))
    }

    /// Runs a transaction once.
    ///
    /// - Throws: `PostgresFailure` for what the database said, in which case nothing was changed; what `body` throws; and
    ///   `storageUnavailable` where it cannot be found out whether something was changed.
    private func attempt<Value>(
        _ kind: PostgresTransaction, until end: UInt64, _ body: (any SQLSession) throws -> Value
    ) throws -> Value {
        let connection = try takeConnection()
        let seconds = kind.statementSeconds + 5
        do {
            try connection.control(kind.beginning, within: seconds)
            let session = PostgresSession(connection, kind)
            let value: Value
            do {
                value = try body(session)
            } catch {
                if let failure = session.failure, failure.mayPass { throw failure }
                throw error
            }
            if let failure = session.failure {
                // The closure went on after an error, which the database does not.
                if failure.mayPass { throw failure }
                throw PostgresSession.lost
            }
            // Steps that run alone find out by themselves how far they are.
            let needsToken = (kind == .write || kind == .writeInTurn) && session.hasChanges
            try commit(connection, needsToken ? PostgresToken() : nil, within: seconds, until: end)
            giveBack(connection)
            return value
        } catch {
            undo(connection, error)
            throw error
        }
    }

    private func commit(
        _ connection: PostgresConnection, _ token: PostgresToken?, within seconds: Int64, until end: UInt64
    ) throws {
        let statements = (token.map { $0.insertion + "; " } ?? "") + "COMMIT"
        do {
            guard try connection.control(statements, within: seconds).command == "COMMIT" else { throw PostgresSession.lost }
        } catch let problem as PostgresFailure where problem.isLost {
            // The server may have committed, and its answer got lost.
            guard let token else { throw problem }
            guard try isCommitted(token, until: end, problem) else { throw problem }
        }
    }

    /// Asks over other connections what became of a transaction. Where nobody can tell until the end, the caller has to look.
    private func isCommitted(_ token: PostgresToken, until end: UInt64, _ problem: PostgresFailure) throws -> Bool {
        dropIdle()
        var attempt = 1
        repeat {
            do {
                return try token.isCommitted(askedOver: PostgresConnection(address))
            } catch is PostgresFailure {
                // The next connection is asked.
            }
            attempt += 1
            pause(attempt, problem)
        } while PlatformClock.system.uptime() < end
        throw SaveError(
            .storageUnavailable,
            "the connection to the database was lost at the end of a change: look whether it was made before making it again",
            underlying: problem)
    }

    // MARK: - Connections

    private func takeConnection() throws -> PostgresConnection {
        if let connection = state.withLock({ $0.idle.popLast() }) { return connection }
        // A host that is gone takes seconds to say so: one caller looks, and keeps the others from waiting for the same.
        let isProbe = try state.withLock { state in
            guard let unreachable = state.unreachable else { return false }
            guard !state.isProbing else { throw unreachable.problem }
            state.isProbing = true
            return true
        }
        defer { if isProbe { state.withLock { $0.isProbing = false } } }
        do {
            let connection = try PostgresConnection(address)
            state.withLock { $0.unreachable = nil }
            return connection
        } catch let problem as PostgresFailure {
            let now = PlatformClock.system.uptime()
            // One that has all the connections it takes does answer.
            if !problem.isCrowded {
                state.withLock { state in state.unreachable = (state.unreachable?.since ?? now, problem) }
            }
            throw problem
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        guard connection.isIdle else { return }
        state.withLock { state in if !state.isClosed { state.idle.append(connection) } }
    }

    /// Ends a transaction without effect. The server does that by itself where the connection is gone.
    private func undo(_ connection: PostgresConnection, _ error: any Error) {
        if let problem = error as? PostgresFailure, problem.isLost {
            // What one has lost, the others have: a restart or a failover.
            dropIdle()
            return
        }
        if !connection.isIdle { _ = try? connection.control("ROLLBACK", within: 5) }
        giveBack(connection)
    }

    private func dropIdle() {
        // Closed when the array goes, outside of the lock.
        _ = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
    }
}
