internal import CCurl
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// The thread that curl runs on. Everybody else leaves orders and wakes it.
final class CurlEngine: Sendable {
    typealias ID = UInt64

    private enum Order: Sendable {
        case start(ID, TransferPlan, ResponseMailbox)
        case unpause(ID)
        case end(ID)
        case stop
    }

    private struct Inbox {
        var orders: [Order] = []
        var lastID: ID = 0
        var isStopped = false
    }

    private let inbox = Mutex(Inbox())
    private let running = Atomic(0)
    private let configuration: CurlClient.Configuration
    private let addressGuard: AddressGuard
    // SAFETY: a multi handle is used by the engine's own thread only; `curl_multi_wakeup` alone may be called from any
    // (its manual page), and the handle lives until the last reference to the engine, the thread's among them, is gone.
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Starts the thread. It holds the engine until `stop`.
    ///
    /// - Throws: `internalFailure` when curl cannot start.
    init(_ configuration: CurlClient.Configuration, _ addressGuard: AddressGuard) throws {
        guard Self.isReady, let multi = curl_multi_init() else {
            throw SaveError(.internalFailure, "libcurl does not start")
        }
        self.configuration = configuration
        self.addressGuard = addressGuard
        self.multi = multi
        save_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maxConnections)
        save_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maxConnectionsPerHost)
        save_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maxConnections)
        guard NamedThread.start("curl", stackSize: 1 << 20, { [self] in run() }) else {
            throw SaveError(.internalFailure, "libcurl gets no thread")
        }
    }

    deinit { curl_multi_cleanup(multi) }

    /// Transfers under way, for tests and metrics.
    var runningCount: Int { running.load(ordering: .relaxed) }

    /// Starts a transfer. What comes of it arrives in the mailbox.
    func start(_ plan: TransferPlan) -> ResponseHandle {
        let id = inbox.withLock { inbox in
            inbox.lastID += 1
            return inbox.lastID
        }
        let mailbox = ResponseMailbox(capacity: configuration.bufferSize) { [self] in order(.unpause(id)) }
        order(.start(id, plan, mailbox))
        return ResponseHandle(mailbox) { [self] in order(.end(id)) }
    }

    /// Ends every transfer and the thread.
    func stop() { order(.stop) }

    private func order(_ order: Order) {
        let isStopped = inbox.withLock { inbox in
            if !inbox.isStopped { inbox.orders.append(order) }
            return inbox.isStopped
        }
        if isStopped, case .start(_, _, let mailbox) = order { mailbox.finish(.failure(Self.stopped)) }
        curl_multi_wakeup(multi)
    }

    // MARK: - The thread

    private func run() {
        // OpenSSL writes with write(2): a connection that the other side closed would end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        var transfers: [ID: Transfer] = [:]
        while obey(&transfers) {
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            collect(&transfers)
            for transfer in transfers.values { transfer.mailbox.flush() }
            let wait = expire(&transfers)
            running.store(transfers.count, ordering: .relaxed)
            curl_multi_poll(multi, nil, 0, wait, nil)
        }
        for id in transfers.keys { end(id, .failure(Self.stopped), &transfers) }
    }

    /// Carries out what was ordered; false when that was to stop.
    private func obey(_ transfers: inout [ID: Transfer]) -> Bool {
        let orders = inbox.withLock { inbox in
            defer { inbox.orders = [] }
            return inbox.orders
        }
        for order in orders {
            switch order {
            case .start(let id, let plan, let mailbox): start(id, plan, mailbox, &transfers)
            case .unpause(let id): transfers[id]?.unpause()
            case .end(let id): end(id, .failure(CancellationError()), &transfers)
            case .stop:
                let late = inbox.withLock { inbox in
                    inbox.isStopped = true
                    return inbox.orders
                }
                for case .start(_, _, let mailbox) in orders + late { mailbox.finish(.failure(Self.stopped)) }
                return false
            }
        }
        return true
    }

    private func start(_ id: ID, _ plan: TransferPlan, _ mailbox: ResponseMailbox, _ transfers: inout [ID: Transfer]) {
        do {
            let transfer = try Transfer(
                id: id, plan, mailbox: mailbox, configuration: configuration, addressGuard: addressGuard)
            guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
                throw SaveError(.busy, "there is no room for a transfer: ask again later")
            }
            transfers[id] = transfer
        } catch {
            mailbox.finish(.failure(error))
        }
    }

    /// Takes out what curl has finished.
    private func collect(_ transfers: inout [ID: Transfer]) {
        var code = CURLE_OK
        while let context = save_curl_next_done(multi, &code) {
            // SAFETY: `transfers` holds every transfer that is in the multi handle.
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            end(transfer.id, transfer.result(code), &transfers)
        }
    }

    /// Ends what is overdue. Returns milliseconds until the next deadline.
    private func expire(_ transfers: inout [ID: Transfer]) -> Int32 {
        let now = PlatformClock.system.uptime()
        var next = now &+ 60_000_000_000
        for (id, transfer) in transfers {
            if let deadline = transfer.deadline, deadline <= now, let error = transfer.overdue() {
                end(id, .failure(error), &transfers)
            } else if let deadline = transfer.deadline {
                next = min(next, deadline)
            }
        }
        return Int32(clamping: (next > now ? next - now : 0) / 1_000_000 + 1)
    }

    private func end(_ id: ID, _ result: Result<Void, any Error>, _ transfers: inout [ID: Transfer]) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.mailbox.finish(result)
    }

    private static let stopped = SaveError(.upstreamUnavailable, "the server is shutting down: ask again later")
}

/// The consumer's hold on a response: the transfer ends when the last reference to it goes.
final class ResponseHandle: Sendable {
    let mailbox: ResponseMailbox
    private let end: @Sendable () -> Void
    private let isDetached = Atomic(false)

    init(_ mailbox: ResponseMailbox, end: @escaping @Sendable () -> Void) {
        self.mailbox = mailbox
        self.end = end
    }

    deinit { if !isDetached.load(ordering: .relaxed) { end() } }

    /// Lets the transfer come to its end without a consumer.
    func detach() { isDetached.store(true, ordering: .relaxed) }

    func head() async throws -> ResponseHead {
        try await withTaskCancellationHandler {
            try await mailbox.head()
        } onCancel: {
            end()
        }
    }

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await mailbox.next()
        } onCancel: {
            end()
        }
    }
}
