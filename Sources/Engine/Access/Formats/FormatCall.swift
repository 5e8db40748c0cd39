internal import SavePlatform
internal import Synchronization

/// One call of a format, and the caller that waits for it: until it ends, or is given up, whichever comes first.
///
/// For asynchronous code it is the executor as well: what the code does between two waits runs on the format's threads, and is
/// timed by itself, so that a body that comes slowly does not count as a format that does not come back.
final class FormatCall<Value: Sendable>: Abandonable, TaskExecutor {
    private struct State {
        var waiter: CheckedContinuation<Value, any Error>?
        var task: Task<Void, Never>?
        var isOver = false
        var isBegun = false
    }

    private let threads: FormatExecutor
    private let state = Mutex(State())

    init(on threads: FormatExecutor) { self.threads = threads }

    /// Runs code that does not wait.
    func run(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { waiter in
            state.withLock { $0.waiter = waiter }
            threads.add(self, isNew: true) { self.finish(Result { try body() }) }
        }
    }

    /// Runs code that waits.
    func run(asynchronous body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                state.withLock { $0.waiter = waiter }
                let task = Task(executorPreference: self) {
                    do { self.finish(.success(try await body())) } catch { self.finish(.failure(error)) }
                }
                let isOver = state.withLock { state in
                    state.task = task
                    return state.isOver
                }
                if isOver || Task.isCancelled { task.cancel() }
            }
        } onCancel: {
            cancel()
        }
    }

    package func abandon(_ error: SaveError) {
        finish(.failure(error))
        cancel()
    }

    private func cancel() { state.withLock { $0.task }?.cancel() }

    private func finish(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state in
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }

    // MARK: TaskExecutor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isNew = state.withLock { state in
            defer { state.isBegun = true }
            return !state.isBegun
        }
        threads.add(self, isNew: isNew) { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
