internal import CMicrohttpd
internal import CMicrohttpdHooks
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// One request and its answer.
///
/// Two sides work on it. The library's thread calls `handle` whenever it can go on: at the end of the header section, for
/// every piece of the body, and at the body's end. The responder's task pulls body bytes and gives the answer. What they
/// share is in `state`; a connection is suspended and resumed with `state` locked only, so that neither side can miss the
/// other. The connection's handle is valid until `finish`, which sets `isOver` under the same lock.
final class Exchange: @unchecked Sendable {
    // SAFETY (@unchecked): the `var`s outside `state` belong to the library's thread of this connection, which calls
    // `handle` and `finish` one after the other.
    let connection: Connection
    let id = RequestID.next()
    let state: Mutex<State>
    private let target: [UInt8]
    private let location: TargetLocation
    /// Of `MonotonicTime`, in nanoseconds.
    private let started: UInt64
    private var head: RequestHead?
    private var client: ClientAddress
    private var stage = Stage.new
    /// Whether the responder was given the request.
    private var hasRun = false
    private var discarded: Int64 = 0
    private var status = 0
    private var bodyLength: Int64?

    enum Stage {
        /// Nothing has been checked.
        case new
        /// The body has not been asked for: no `100 Continue`, no byte of it.
        case head
        /// The library reads the body, or has come to its end.
        case body
        /// The answer is queued.
        case answered
    }

    struct State {
        /// The library's connection. Not to be used once `isOver`.
        // SAFETY: only passed on to the library's thread-safe suspend and resume, with `state` locked.
        nonisolated(unsafe) let handle: OpaquePointer
        var isSuspended = false
        var isOver = false
        var task: Task<Void, Never>?
        var isTaskDone = false
        var response: HTTPResponse?
        var incoming = IncomingBody()
        var outgoing = OutgoingBody()
    }

    init(_ connection: Connection, handle: OpaquePointer, target: [UInt8], started: UInt64, location: TargetLocation) {
        self.connection = connection
        self.started = started
        client = connection.client
        self.target = target
        self.location = location
        state = Mutex(State(handle: handle))
        connection.server.activeRequests.add(1, ordering: .relaxed)
    }

    // MARK: - The library's side

    /// Goes on with the request. Returns NO to cut the connection.
    func handle(
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, handle: OpaquePointer,
        bytes: UnsafeRawBufferPointer, taken: inout Int
    ) -> MHD_Result {
        taken = 0
        if connection.isCut.load(ordering: .relaxed) { return .NO }
        switch stage {
        case .new: return begin(method: method, version: version, handle: handle)
        case .head: return continueHead(handle)
        case .body: return bytes.isEmpty ? continueAtEnd(handle) : continueBody(handle, bytes, &taken)
        case .answered: return .YES
        }
    }

    private func begin(method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, handle: OpaquePointer) -> MHD_Result {
        let head: RequestHead
        do throws(RequestHead.Refusal) {
            head = try RequestHead.read(
                handle, target: target, at: location, method: method, version: version, limits: connection.server.limits)
        } catch {
            var response = HTTPResponse.refusal(error.status, error.line)
            if error.status == 405 { response.headers.append("Allow", "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS") }
            return queue(response, on: handle, early: true)
        }
        self.head = head
        guard head.hasBody else {
            // An answer queued in this first call closes the connection; the next one follows at once.
            stage = .body
            return .YES
        }
        stage = .head
        // Answers at once are for requests without a body.
        _ = run(head)
        hasRun = true
        return continueHead(handle)
    }

    /// Gives the request to the responder.
    ///
    /// - Returns: the answer, where it is there at once: nothing else knows of the request then, and nothing waits for it.
    private func run(_ head: RequestHead) -> HTTPResponse? {
        let server = connection.server
        let origin = server.configuration.trustedProxies.origin(
            of: head.headers, from: connection.client, isSecure: server.configuration.tls != nil)
        client = origin.client
        let request = HTTPRequest(
            method: head.method, target: head.target, headers: head.headers, body: head.hasBody ? bodyStream(head) : .empty,
            client: client, isSecure: origin.isSecure, id: id)
        if !head.hasBody, let response = server.responder.immediateResponse(to: request) { return response }
        connection.enter(.responder)
        server.runningTasks.add(1, ordering: .relaxed)
        let task = Task.immediate { [self] in
            let response = await server.responder.respond(to: request)
            answer(response)
            if case .stream(let stream) = response.body, head.method != .head { await send(stream) }
            state.withLock {
                $0.isTaskDone = true
                $0.task = nil
            }
            server.runningTasks.subtract(1, ordering: .relaxed)
        }
        state.withLock { if !$0.isTaskDone { $0.task = task } }
        return nil
    }

    /// Before the body: queues the answer, lets the body come, or waits.
    private func continueHead(_ handle: OpaquePointer) -> MHD_Result {
        enum Step { case answer(HTTPResponse), readBody, wait, cut }
        let step = state.withLock { state -> Step in
            if state.isOver { return .cut }
            if let response = state.response { return .answer(response) }
            if state.incoming.isWanted { return .readBody }
            return suspend(&state) ? .wait : .cut
        }
        switch step {
        case .cut: return .NO
        case .wait: return .YES
        case .readBody:
            stage = .body
            connection.enter(.body)
            return .YES
        case .answer(let response):
            // A short body that is on its way is read, so that the connection lives on. A long one is not worth that, and
            // a client that waits for `100 Continue` is told to keep it.
            if let head, !head.expectsContinue, !response.closesConnection, let length = head.contentLength, length <= 65_536 {
                stage = .body
                connection.enter(.body)
                return .YES
            }
            return queue(response, on: handle, early: true)
        }
    }

    /// A piece of the body: gives it to the task, keeps it, drops it, or leaves it where it is.
    private func continueBody(_ handle: OpaquePointer, _ bytes: UnsafeRawBufferPointer, _ taken: inout Int) -> MHD_Result {
        enum Step { case taken(IncomingBody.Wakeup?), drop(HTTPResponse), wait, cut }
        let limit = connection.server.limits.body
        let step = state.withLock { state -> Step in
            if state.isOver { return .cut }
            if let response = state.response { return .drop(response) }
            if state.incoming.isFull { return suspend(&state) ? .wait : .cut }
            return .taken(state.incoming.add(bytes, limit: limit))
        }
        switch step {
        case .cut: return .NO
        case .wait: return .YES
        case .taken(let wakeup):
            taken = bytes.count
            connection.received.add(UInt64(bytes.count), ordering: .relaxed)
            wakeup?.run()
            return .YES
        case .drop(let response):
            taken = bytes.count
            connection.received.add(UInt64(bytes.count), ordering: .relaxed)
            discarded += Int64(bytes.count)
            if discarded <= connection.server.configuration.maxDiscardedBytes { return .YES }
            answerPastLibrary(response)
            return .NO
        }
    }

    /// After the body, or for a request without one: queues the answer or waits.
    private func continueAtEnd(_ handle: OpaquePointer) -> MHD_Result {
        if let head, !head.hasBody, !hasRun {
            hasRun = true
            if let response = run(head) { return queue(response, on: handle, early: false) }
        }
        enum Step { case answer(HTTPResponse), wait, cut }
        let (step, wakeup) = state.withLock { state -> (Step, IncomingBody.Wakeup?) in
            if state.isOver { return (.cut, nil) }
            let wakeup = state.incoming.end()
            if let response = state.response { return (.answer(response), wakeup) }
            return (suspend(&state) ? .wait : .cut, wakeup)
        }
        wakeup?.run()
        switch step {
        case .cut: return .NO
        case .wait: return .YES
        case .answer(let response): return queue(response, on: handle, early: false)
        }
    }

    /// Suspends the connection; false where the server is stopping and nothing may wait any more.
    func suspend(_ state: inout State) -> Bool {
        connection.suspended.withLock { $0 = self }
        // Looked at after the exchange can be found: either it is found and woken, or it sees that it must not wait.
        guard !connection.server.isStopping.load(ordering: .sequentiallyConsistent) else {
            connection.suspended.withLock { $0 = nil }
            return false
        }
        connection.enter(.responder)
        state.isSuspended = true
        MHD_suspend_connection(state.handle)
        return true
    }

    /// Lets the library go on where the connection is suspended.
    func resume(_ state: inout State, then phase: Connection.Phase) {
        guard state.isSuspended, !state.isOver else { return }
        state.isSuspended = false
        connection.suspended.withLock { $0 = nil }
        connection.enter(phase)
        MHD_resume_connection(state.handle)
    }

    private func queue(_ response: HTTPResponse, on handle: OpaquePointer, early: Bool) -> MHD_Result {
        stage = .answered
        if early { connection.refusedBody.store(true, ordering: .relaxed) }
        let closes = response.closesConnection || connection.server.isEnding.load(ordering: .relaxed)
        var status = response.status
        var response = response
        let ready: ReadyResponse
        do throws(ReadyResponse.Failure) {
            guard (200...999).contains(status) else { throw .impossible }
            ready = try prepare(response, closes: closes)
        } catch {
            response = refusal(after: error)
            status = response.status
            bodyLength = 0
            state.withLock { $0.isOver ? () : $0.outgoing.abandon() }
            guard let refusal = try? ReadyResponse.make(response, closes: true) else { return .NO }
            ready = refusal
        }
        self.status = status
        connection.enter(.sending)
        return ready.queue(on: handle, status: status, reason: response.reason)
    }

    /// What is said instead of an answer that cannot be sent.
    private func refusal(after failure: ReadyResponse.Failure) -> HTTPResponse {
        if failure == .noDescriptors {
            connection.server.log(.warning, "too many files are open", ["request_id": id.description])
            var refusal = HTTPResponse.refusal(503, "the server has too many files open: ask again")
            refusal.headers.append("Retry-After", "1")
            return refusal
        }
        connection.server.log(.error, "an answer could not be sent", ["request_id": id.description])
        return .refusal(500, "an internal error occurred (request \(id))")
    }

    private func prepare(_ response: HTTPResponse, closes: Bool) throws(ReadyResponse.Failure) -> ReadyResponse {
        switch response.body {
        case .empty: bodyLength = 0
        case .bytes(let bytes): bodyLength = Int64(bytes.count)
        case .file(_, _, let length): bodyLength = length
        case .stream(let stream): return try ReadyResponse.make(response, length: stream.length, from: self, closes: closes)
        }
        guard let slot = response.prepared, !closes else { return try ReadyResponse.make(response, closes: closes) }
        var failure = ReadyResponse.Failure.impossible
        // The library sends one piece of a file at a time for all connections that an answer is for.
        let thread = if case .file = response.body { Int(save_mhd_thread()) } else { 0 }
        let kept = slot.value(for: thread) {
            do throws(ReadyResponse.Failure) {
                return try ReadyResponse.make(response, closes: false, isKept: true)
            } catch {
                failure = error
                return nil
            }
        }
        guard let ready = kept as? ReadyResponse else { throw failure }
        return ready
    }

    /// Answers while the client still sends, which the library cannot: the bytes go to the socket, which is then closed.
    private func answerPastLibrary(_ response: HTTPResponse) {
        connection.refusedBody.store(true, ordering: .relaxed)
        status = response.status
        guard connection.server.configuration.tls == nil, case .bytes(let body) = response.body, body.count <= 16_384 else {
            return
        }
        bodyLength = Int64(body.count)
        RawAnswer.send(
            RawAnswer.bytes(
                status: response.status, reason: String(decoding: response.reason ?? [], as: UTF8.self),
                headers: response.headers, body: body),
            to: connection.descriptor)
    }

    /// The library is done with the request. Nothing touches the connection's handle after this.
    func finish(isComplete: Bool) {
        let (task, wakeup, space, sent, received, wasSuspended) = state.withLock { state in
            state.isOver = true
            let wasSuspended = state.isSuspended
            state.isSuspended = false
            let task = state.task
            state.task = nil
            return (
                task, state.incoming.fail(), state.outgoing.close(), state.outgoing.sent, state.incoming.received, wasSuspended
            )
        }
        if wasSuspended { connection.suspended.withLock { $0 = nil } }
        if status == 0 { status = connection.refusedStatus.exchange(0, ordering: .relaxed) }
        wakeup?.run()
        space?.resume(returning: false)
        task?.cancel()
        let ended = MonotonicTime.nanoseconds()
        connection.enter(.idle, at: ended / 1_000_000)
        connection.server.activeRequests.subtract(1, ordering: .relaxed)
        guard let onFinished = connection.server.configuration.onFinished else { return }
        onFinished(summary(sent: sent, received: received, ended: ended, isComplete))
    }

    private func summary(sent streamed: Int64, received: Int64, ended: UInt64, _ isComplete: Bool) -> RequestSummary {
        RequestSummary(
            id: id, client: client, method: head?.method ?? .other("-"), target: target,
            userAgent: head?.headers.bytes(of: "User-Agent"), status: status,
            bytesSent: head?.method == .head || status == 304 || status == 204 ? 0 : bodyLength ?? streamed,
            bytesReceived: received + discarded, microseconds: Int64(clamping: (ended &- started) / 1000),
            isComplete: isComplete && status != 0
        )
    }

    // MARK: - The task's side

    /// The responder's answer. The library's thread queues it when it comes by, or is woken for it.
    private func answer(_ response: HTTPResponse) {
        state.withLock { state in
            state.response = response
            resume(&state, then: .body)
        }
    }

    /// The client has gone or the server stops: the task is cancelled, and nothing waits for it.
    func abandon(cutting: Bool) {
        let (task, wakeup, space) = state.withLock { state in
            let task = state.task
            if cutting { state.outgoing.failed = true }
            let result = (task, state.incoming.fail(), cutting ? state.outgoing.close() : nil)
            if cutting {
                connection.isCut.store(true, ordering: .sequentiallyConsistent)
                resume(&state, then: .responder)
            }
            return result
        }
        wakeup?.run()
        space?.resume(returning: false)
        task?.cancel()
    }
}
