internal import CMicrohttpd
internal import CMicrohttpdHooks
internal import Glibc
internal import SavePlatform

/// The library's daemon: its threads and their connections.
final class Daemon: Sendable {
    // SAFETY: the library's calls on a daemon are thread-safe; `stop` is called once, after the last `add`.
    nonisolated(unsafe) private let handle: OpaquePointer

    /// Throws `internalFailure`.
    init(core: ServerCore) throws {
        let configuration = core.configuration
        var flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
        flags |= MHD_USE_NO_LISTEN_SOCKET.rawValue
        let isSecure = configuration.tls != nil
        if isSecure { flags |= MHD_USE_TLS.rawValue }
        // Room for the header section and the library's records of it, and for the answer's. The library clears all of it
        // after every request, which is felt: not more than is needed.
        let memory = configuration.maxHeaderBytes + (4 << 10)
        let threads = UInt32(configuration.threads)
        let limit = UInt32(configuration.maxConnections) + 64 * threads
        save_mhd_set_refuse(answerRefusal)
        // SAFETY: `HTTPServer` keeps the core for as long as the daemon runs.
        let context = Unmanaged.passUnretained(core).toOpaque()
        let handle = save_mhd_start(
            flags, threads, limit, memory, isSecure ? chooseIdentity : nil, handleRequest, beginExchange, keepEscapes,
            finishExchange,
            connectionChanged, context)
        guard let handle else { throw SaveError(.internalFailure, "the HTTP server could not be started") }
        self.handle = handle
    }

    /// Takes over a connected socket.
    func add(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) {
        MHD_add_connection(handle, descriptor, address, size)
    }

    /// Ends the threads and closes every connection. Blocks. No connection may be suspended.
    func stop() { MHD_stop_daemon(handle) }
}
