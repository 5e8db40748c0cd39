internal import SavePlatform
internal import SaveSQLMetadata
internal import Synchronization

/// One writer and some readers on one file. Readers see the last commit and never wait for the writer (WAL).
final class SQLiteDatabase: SQLDatabase {
    private struct State {
        var writes: WriteQueue?
        var readers: [SQLiteConnection]
        var users = 0
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    let dialect = SQLDialect.sqlite
    private let state: Mutex<State>
    private let writerThread = BlockingPool(name: "sqlite-write", threads: 1)
    private let readerThreads: BlockingPool

    /// Takes over connections that are set up; there are as many reading threads as reading connections.
    ///
    /// - Parameter busyMilliseconds: how long a write waits for another program's lock.
    init(writer: SQLiteConnection, readers: [SQLiteConnection], busyMilliseconds: Int32) {
        state = Mutex(State(writes: WriteQueue(writer, busyMilliseconds: busyMilliseconds), readers: readers))
        readerThreads = BlockingPool(name: "sqlite-read", threads: readers.count)
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try enter()
        defer { leave() }
        return try await readerThreads.run { [self] in
            // There are as many connections as threads, so one is free.
            guard let connection = state.withLock({ $0.readers.popLast() }) else { throw Self.closed }
            defer { state.withLock { $0.readers.append(connection) } }
            return try connection.transaction("BEGIN", body)
        }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try enter()
        defer { leave() }
        guard let queue = state.withLock({ $0.writes }) else { throw Self.closed }
        let result = Result<Value>()
        let job = queue.add { session in
            let value = try body(session)
            result.value.withLock { $0 = value }
        }
        return try await writerThread.run {
            try queue.serve(job)
            guard let value = result.value.withLock({ $0 }) else { throw SQLiteSession.lost }
            return value
        }
    }

    func writeAlone<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value {
        try await write(body)
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
        // The last connection to close moves the log into the database file. That is done when this returns, and not when the
        // last reference happens to go: the process may end before.
        let (readers, writes) = state.withLock { state in
            defer {
                state.readers = []
                state.writes = nil
            }
            return (state.readers, state.writes)
        }
        guard let writes else { return }
        _ = try? await writerThread.run {
            for reader in readers { reader.close() }
            writes.close()
        }
        readerThreads.stop()
        writerThread.stop()
    }

    private func enter() throws {
        try state.withLock { state in
            guard !state.isClosed else { throw Self.closed }
            state.users += 1
        }
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

    private static let closed = SaveError(.storageUnavailable, "the database is closed")

    /// Where a write's closure leaves its value for the caller.
    private final class Result<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}
