internal import SavePlatform
internal import Synchronization

/// The part of a request's body that has been received and not been pulled.
struct IncomingBody {
    typealias Pull = CheckedContinuation<[UInt8]?, any Error>

    /// A pull that can go on; run it with nothing locked.
    struct Wakeup {
        let pull: Pull
        let result: Result<[UInt8]?, any Error>
        func run() { pull.resume(with: result) }
    }

    /// So much is read ahead of the responder; more stays in the socket, and so with the client.
    static let capacity = 256 << 10

    private var chunks: [[UInt8]] = []
    private var first = 0
    private var buffered = 0
    private var hasEnded = false
    private var failure: (any Error)?
    private var waiting: Pull?
    private(set) var received: Int64 = 0
    /// The responder has asked for the body.
    private(set) var isWanted = false

    var isFull: Bool { waiting == nil && buffered >= Self.capacity }

    /// Adds bytes, or gives them to the pull that waits for them.
    mutating func add(_ bytes: UnsafeRawBufferPointer, limit: Int64?) -> Wakeup? {
        received += Int64(bytes.count)
        if let limit, received > limit, failure == nil {
            failure = SaveError(.tooLarge, "the body is larger than \(limit) bytes: send less")
            chunks = []
            buffered = 0
        }
        if let failure { return wake(.failure(failure)) }
        if let wakeup = wake(.success(Array(bytes))) { return wakeup }
        chunks.append(Array(bytes))
        buffered += bytes.count
        return nil
    }

    /// All of it has come.
    mutating func end() -> Wakeup? {
        hasEnded = true
        return wake(.success(nil))
    }

    /// It will not come to its end.
    mutating func fail() -> Wakeup? {
        if !hasEnded && failure == nil {
            failure = SaveError(.invalidRequest, "the request's body ended early: send it again, whole")
        }
        return failure.flatMap { wake(.failure($0)) }
    }

    /// Takes what is there; nil where a pull must wait.
    mutating func take() -> Result<[UInt8]?, any Error>? {
        isWanted = true
        if first < chunks.count {
            let chunk = chunks[first]
            chunks[first] = []
            first += 1
            buffered -= chunk.count
            if first == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                first = 0
            }
            return .success(chunk)
        }
        if let failure { return .failure(failure) }
        return hasEnded ? .success(nil) : nil
    }

    /// Lets a pull wait; false where another one waits.
    mutating func wait(_ pull: Pull) -> Bool {
        guard waiting == nil else { return false }
        waiting = pull
        return true
    }

    /// Wakes the pull that waits.
    mutating func wake(_ result: Result<[UInt8]?, any Error>) -> Wakeup? {
        guard let pull = waiting else { return nil }
        waiting = nil
        return Wakeup(pull: pull, result: result)
    }
}

extension Exchange {
    /// The body as the responder sees it.
    func bodyStream(_ head: RequestHead) -> ByteStream {
        ByteStream(length: head.contentLength) { [self] in try await pull() }
    }

    /// The next bytes of the body. The first call is what lets the library send `100 Continue`.
    private func pull() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (pull: IncomingBody.Pull) in
                if let result = register(pull) { pull.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.incoming.wake(.failure(CancellationError())) }?.run()
        }
    }

    private func register(_ pull: IncomingBody.Pull) -> Result<[UInt8]?, any Error>? {
        state.withLock { state in
            let wasFull = state.incoming.isFull
            if let result = state.incoming.take() {
                if wasFull && !state.incoming.isFull { resume(&state, then: .body) }
                return result
            }
            if Task.isCancelled { return .failure(CancellationError()) }
            guard state.incoming.wait(pull) else {
                return .failure(SaveError(.internalFailure, "a request's body has two readers"))
            }
            resume(&state, then: .body)
            return nil
        }
    }
}
