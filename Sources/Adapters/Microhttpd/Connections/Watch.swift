internal import CMicrohttpd
internal import Glibc
internal import SavePlatform
internal import Synchronization

/// Ends connections that do not get on: the library's own timeout starts again with every byte.
///
/// One thread looks at every connection a few times within the shortest deadline, and reads lingering sockets meanwhile.
final class Watch: Sendable {
    private let core: ServerCore
    private let isStopped = Atomic<Bool>(false)

    init(core: ServerCore) { self.core = core }

    func start() {
        NamedThread.start("http-watch") { [self] in run() }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        core.lingering.signal()
    }

    private func run() {
        let configuration = core.configuration
        let shortest =
            [
                configuration.headerTimeout, configuration.idleTimeout, configuration.bodyRateWindow,
                configuration.writeStallTimeout,
            ].map(\.milliseconds).min() ?? 1000
        let tick = min(max(shortest / 4, 10), 500)
        var meters: [ObjectIdentifier: Meter] = [:]
        var next = MonotonicTime.milliseconds() &+ tick
        while !isStopped.load(ordering: .relaxed) {
            let now = MonotonicTime.milliseconds()
            if now < next {
                core.lingering.wait(milliseconds: Int32(clamping: next &- now))
                continue
            }
            next = now &+ tick
            meters = look(meters, now: now, elapsed: tick)
        }
    }

    /// What is measured of a connection from look to look.
    private struct Meter {
        /// Milliseconds of waiting for the client's body, and the bytes received when they began.
        var waited: UInt64 = 0
        var receivedBefore: UInt64 = 0
        /// The phase's start that `acked` belongs to, the bytes the client has taken, and when that last grew.
        var sendingSince: UInt64 = 0
        var acked: UInt64 = 0
        var ackedAt: UInt64 = 0
    }

    private func look(_ meters: [ObjectIdentifier: Meter], now: UInt64, elapsed: UInt64) -> [ObjectIdentifier: Meter] {
        let configuration = core.configuration
        var kept: [ObjectIdentifier: Meter] = [:]
        var left: [Exchange] = []
        core.registry.withAll { connections in
            for (connection, isGone) in zip(connections, Self.areGone(connections)) {
                let (phase, since) = connection.phase
                let age = now > since ? now - since : 0
                if phase != .responder, isGone {
                    // The library reads until a read is short, and then waits for the next event. Where the end came in one
                    // event with the last bytes, it waits forever: this is another event. What was sent is still read.
                    shutdown(connection.descriptor, Int32(SHUT_RD))
                }
                switch phase {
                case .fresh, .head:
                    if age >= configuration.headerTimeout.milliseconds { cut(connection, Self.timeout) }
                case .idle:
                    if age >= configuration.idleTimeout.milliseconds || core.isDraining.load(ordering: .relaxed) {
                        // Only what was not sent yet is lost: a request that is here is still read, and answered.
                        shutdown(connection.descriptor, Int32(SHUT_RD))
                    }
                case .body:
                    var meter = meters[ObjectIdentifier(connection)] ?? Meter()
                    if isTooSlow(&meter, connection, elapsed: min(elapsed, age)) { cut(connection, Self.timeout) }
                    kept[ObjectIdentifier(connection)] = meter
                case .responder:
                    if let meter = meters[ObjectIdentifier(connection)] { kept[ObjectIdentifier(connection)] = meter }
                    if isGone, let exchange = connection.suspended.withLock({ $0 }) { left.append(exchange) }
                case .sending:
                    guard age >= elapsed else { continue }
                    var meter = meters[ObjectIdentifier(connection)] ?? Meter()
                    if isStalled(&meter, connection, since: since, now: now) { cut(connection, nil) }
                    kept[ObjectIdentifier(connection)] = meter
                }
            }
        }
        // Not under the registry's lock: waking a task may end a connection.
        for exchange in left { exchange.abandon(cutting: false) }
        return kept
    }

    private func isTooSlow(_ meter: inout Meter, _ connection: Connection, elapsed: UInt64) -> Bool {
        let received = connection.received.load(ordering: .relaxed)
        if meter.waited == 0 { meter.receivedBefore = received }
        meter.waited += elapsed
        guard meter.waited >= core.configuration.bodyRateWindow.milliseconds else { return false }
        let wanted = UInt64(core.configuration.minimumBodyRate) * meter.waited / 1000
        meter.waited = 0
        return received &- meter.receivedBefore < wanted
    }

    private func isStalled(_ meter: inout Meter, _ connection: Connection, since: UInt64, now: UInt64) -> Bool {
        let acked = save_tcp_bytes_acked(connection.descriptor)
        if meter.sendingSince != since || acked != meter.acked {
            meter.sendingSince = since
            meter.acked = acked
            meter.ackedAt = now
        }
        return now &- meter.ackedAt >= core.configuration.writeStallTimeout.milliseconds
    }

    /// Which of these connections their clients have closed.
    private static func areGone(_ connections: [Connection]) -> [Bool] {
        var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(SAVE_POLLRDHUP), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), 0) > 0 else { return connections.map { _ in false } }
        return polled.map { $0.revents != 0 }
    }

    private func cut(_ connection: Connection, _ answer: [UInt8]?) {
        guard !connection.isCut.exchange(true, ordering: .sequentiallyConsistent) else { return }
        if let answer, core.configuration.tls == nil { RawAnswer.send(answer, to: connection.descriptor) }
        shutdown(connection.descriptor, Int32(SHUT_RDWR))
    }

    private static let timeout = RawAnswer.refusal(408, "the request took too long to come: send it again")
}
