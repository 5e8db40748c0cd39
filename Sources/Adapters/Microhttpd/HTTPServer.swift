internal import Glibc
package import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// The HTTP/1.1 front: turns connections into requests, asks a responder, and sends its answers.
///
/// An answer that is given without suspending leaves on the thread that read the request. A responder that waits holds no
/// thread: its connection is suspended until there is an answer, or until it asks for more of the body.
package final class HTTPServer: Sendable {
    private let core: ServerCore
    private let running = Mutex<(socket: ListeningSocket, daemon: Daemon, watch: Watch)?>(nil)

    /// - Throws: `invalidConfiguration` for values that cannot work; the details name the field.
    package init(configuration: HTTPServerConfiguration, responder: any Responder, log: Log) throws {
        try configuration.validate()
        core = ServerCore(configuration: configuration, responder: responder, log: log)
    }

    /// Listens and serves. Once.
    ///
    /// - Returns: The address; the port is the one that was taken where the configuration said 0.
    /// - Throws: `invalidConfiguration` where the address is in use or unknown, or the TLS files cannot be used.
    package func start() throws -> (host: String, port: UInt16) {
        try running.withLock { running in
            guard running == nil else { throw SaveError(.internalFailure, "the HTTP server has been started already") }
            try loadIdentity()
            let socket = try ListeningSocket(
                host: core.configuration.host, port: core.configuration.port, defers: core.configuration.tls != nil)
            let daemon: Daemon
            do { daemon = try Daemon(core: core) } catch {
                socket.discard()
                throw error
            }
            let watch = Watch(core: core)
            watch.start()
            socket.accept(into: daemon, core: core)
            running = (socket, daemon, watch)
            return (socket.host, socket.port)
        }
    }

    /// Reads the TLS certificate and key again, for connections that begin from now on. Without TLS nothing happens. Blocks.
    ///
    /// - Throws: `invalidConfiguration` where they cannot be used; then those that are in force stay.
    package func reloadIdentity() throws { try loadIdentity() }

    private func loadIdentity() throws {
        guard let tls = core.configuration.tls else { return }
        let identity = try TLSIdentity(reading: tls)
        core.identity.withLock { $0 = identity }
    }

    /// Requests that have been accepted and not been answered to the end.
    package var activeRequests: Int { core.activeRequests.load(ordering: .relaxed) }

    /// The most open connections at a time since this was asked last.
    package func takeMostConnections() -> Int { core.registry.takeMost() }

    /// Open connections, idle ones among them.
    package var connectionCount: Int { core.registry.count }

    /// Says with every answer that the connection ends, and goes on for `delay` so that load balancers see it; then takes no
    /// more connections, lets requests under way finish for up to `limit`, and ends whatever is left.
    ///
    /// Idle connections live through the delay and are closed after it. Returns when no thread of the server runs any more. A
    /// second call returns at once.
    package func drain(delay: Duration = .zero, limit: Duration) async {
        guard
            let (socket, daemon, watch) = running.withLock({ running in
                defer { running = nil }
                return running
            })
        else { return }
        core.isEnding.store(true, ordering: .sequentiallyConsistent)
        await wait(for: delay) { true }
        core.isDraining.store(true, ordering: .sequentiallyConsistent)
        socket.stop()
        await wait(for: limit) { [core] in
            core.activeRequests.load(ordering: .relaxed) > 0 || core.runningTasks.load(ordering: .relaxed) > 0
        }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let stop: @Sendable () -> Void = { [core] in
                Self.stop(core, socket, daemon, watch)
                done.resume()
            }
            // Without a thread of its own it holds up one that others need; the server ends anyway.
            if !NamedThread.start("http-stop", stop) { stop() }
        }
    }

    /// Ends the waiting of `drain`, before it or while it runs: what is under way is cut.
    package func hurry() { core.isHurried.store(true, ordering: .relaxed) }

    private func wait(for limit: Duration, while condition: () -> Bool) async {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while clock.now < deadline, !core.isHurried.load(ordering: .relaxed), condition() {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private static func stop(_ core: ServerCore, _ socket: ListeningSocket, _ daemon: Daemon, _ watch: Watch) {
        socket.join()
        core.isStopping.store(true, ordering: .sequentiallyConsistent)
        var waiting: [Exchange] = []
        core.registry.withAll { waiting = $0.compactMap { connection in connection.suspended.withLock { $0 } } }
        for exchange in waiting { exchange.abandon(cutting: true) }
        daemon.stop()
        watch.stop()
    }
}
