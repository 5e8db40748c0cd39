internal import SavePlatform
internal import Synchronization

/// Where the curl thread leaves a response and its one consumer picks it up.
///
/// The curl thread never waits here; the consumer suspends. An end, good or bad, is handed out after the bytes before it.
final class ResponseMailbox: Sendable {
    private typealias HeadWaiter = CheckedContinuation<ResponseHead, any Error>
    private typealias BodyWaiter = CheckedContinuation<[UInt8]?, any Error>

    private struct State {
        var head: ResponseHead?
        var headWaiter: HeadWaiter?
        var body: [UInt8] = []
        var bodyWaiter: BodyWaiter?
        var end: Result<Void, any Error>?
        var isPaused = false
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// Called when the buffer of a paused transfer has been taken.
    private let resume: @Sendable () -> Void

    init(capacity: Int, resume: @escaping @Sendable () -> Void) {
        self.capacity = capacity
        self.resume = resume
    }

    // MARK: - The consumer

    /// The final response's head.
    func head() async throws -> ResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: HeadWaiter) in
                let result = state.withLock { state -> Result<ResponseHead, any Error>? in
                    if let head = state.head { return .success(head) }
                    if case .failure(let error) = state.end { return .failure(error) }
                    state.headWaiter = waiter
                    return nil
                }
                if let result { waiter.resume(with: result) }
            }
        } onCancel: {
            abandon(CancellationError())
        }
    }

    /// The next bytes of the body; nil at its end.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: BodyWaiter) in
                let (result, resumes) = state.withLock { state -> (Result<[UInt8]?, any Error>?, Bool) in
                    if let result = Self.take(&state) {
                        defer { state.isPaused = false }
                        return (result, state.isPaused)
                    }
                    guard state.bodyWaiter == nil else {
                        return (.failure(SaveError(.internalFailure, "a body has two readers")), false)
                    }
                    state.bodyWaiter = waiter
                    return (nil, false)
                }
                if resumes { resume() }
                if let result { waiter.resume(with: result) }
            }
        } onCancel: {
            abandon(CancellationError())
        }
    }

    /// Ends the response for the consumer, now: what is buffered is dropped.
    func abandon(_ error: any Error) {
        state.withLock { $0.body = [] }
        finish(.failure(error))
    }

    // MARK: - The curl thread

    func deliver(_ head: ResponseHead) {
        let waiter = state.withLock { state in
            state.head = head
            return state.headWaiter.take()
        }
        waiter?.resume(returning: head)
    }

    /// Takes bytes of the body. False when there are too many already: then none were taken and `resume` will be called.
    func accept(_ bytes: UnsafeRawBufferPointer, unlimited: Bool) -> Bool {
        state.withLock { state in
            if case .failure = state.end { return true }
            if !unlimited, !state.body.isEmpty, state.body.count + bytes.count > capacity {
                state.isPaused = true
                return false
            }
            state.body.append(contentsOf: bytes)
            return true
        }
    }

    /// Whether the consumer has taken enough for more to come. Where it has not, `resume` will be called.
    func hasRoom() -> Bool {
        state.withLock { state in
            if case .failure = state.end { return true }
            guard state.body.count >= capacity else { return true }
            state.isPaused = true
            return false
        }
    }

    /// Gives a waiting consumer what has been collected.
    func flush() {
        let (waiter, result, resumes) = state.withLock { state -> (BodyWaiter?, Result<[UInt8]?, any Error>?, Bool) in
            guard state.bodyWaiter != nil, let result = Self.take(&state) else { return (nil, nil, false) }
            defer { state.isPaused = false }
            return (state.bodyWaiter.take(), result, state.isPaused)
        }
        if resumes { resume() }
        if let waiter, let result { waiter.resume(with: result) }
    }

    /// Sets the end, unless there is one.
    func finish(_ end: Result<Void, any Error>) {
        let waiter = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.headWaiter.take()
        }
        if let waiter {
            if case .failure(let error) = end {
                waiter.resume(throwing: error)
            } else {
                waiter.resume(
                    throwing: SaveError(.upstreamInvalid, "the upstream's answer has no header: check what is in front of it"))
            }
        }
        flush()
    }

    private static func take(_ state: inout State) -> Result<[UInt8]?, any Error>? {
        if !state.body.isEmpty {
            var body: [UInt8] = []
            swap(&body, &state.body)
            return .success(body)
        }
        return state.end.map { $0.map { nil } }
    }
}
