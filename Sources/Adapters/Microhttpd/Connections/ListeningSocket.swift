internal import CMicrohttpd
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// The socket that clients connect to, and the thread that takes them in.
///
/// The library could listen itself; a thread of ours can hold to limits per address, answer 503, and stop at once.
final class ListeningSocket: Sendable {
    let host: String
    let port: UInt16
    private let descriptor: Int32
    private let isStopped = Atomic<Bool>(false)
    private let condition = Condition()
    // SAFETY: read and written with `condition` locked only.
    nonisolated(unsafe) private var hasEnded = false

    /// Given up for a moment to tell a client that there are no descriptors. -1 where there is none.
    // SAFETY: of the thread that accepts.
    nonisolated(unsafe) private var spare: Int32 = -1

    /// Hands out the address that a host and a port stand for.
    ///
    /// - Throws: `invalidConfiguration` for a host that is none, and what `body` throws.
    static func resolve<Value>(_ host: String, _ port: UInt16, _ body: (addrinfo) throws -> Value) throws -> Value {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
            throw SaveError(
                .invalidConfiguration,
                "'\(host)' is not an address to listen on: it must be one of this machine's, or 0.0.0.0 or :: for all",
                details: ["field": "host"])
        }
        defer { freeaddrinfo(found) }
        return try body(found.pointee)
    }

    /// Throws `invalidConfiguration` where the address is unknown or cannot be listened on.
    ///
    /// - Parameter defers: whether connections are taken when their clients have sent something.
    init(host: String, port: UInt16, defers: Bool) throws {
        descriptor = try Self.resolve(host, port) { try Self.listen(at: $0, "\(host):\(port)", defers: defers) }
        self.host = host
        self.port = try Self.port(of: descriptor)
    }

    private static func listen(at address: addrinfo, _ name: String, defers: Bool) throws -> Int32 {
        let descriptor = socket(address.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // Options of a socket that is none would hide why there is none.
        var code = descriptor >= 0 ? 0 : errno
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if defers {
            // A client of TLS speaks first: its connection is handed out with its first bytes, or without any after a while.
            var seconds: Int32 = 10
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, &seconds, socklen_t(MemoryLayout<Int32>.size))
        }
        if code == 0,
            bind(descriptor, address.ai_addr, address.ai_addrlen) != 0 || Glibc.listen(descriptor, 1024) != 0
        {
            code = errno
        }
        guard code == 0 else {
            if descriptor >= 0 { close(descriptor) }
            let mend =
                switch code {
                case EADDRINUSE: "; another program listens there: end it, or choose another port with --listen"
                case EACCES: "; ports below 1024 need a permission (CAP_NET_BIND_SERVICE): choose a higher one with --listen"
                case EADDRNOTAVAIL: "; this machine does not have that address: 0.0.0.0 means all that it has"
                default: ""
                }
            throw SaveError(
                .invalidConfiguration, "cannot listen on \(name): \(String(cString: strerror(code)))\(mend)",
                details: ["field": "port"])
        }
        return descriptor
    }

    private static func port(of descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard bound == 0 else {
            close(descriptor)
            throw SaveError(.internalFailure, "the address that is listened on cannot be told")
        }
        // The port is at the same place in both families' structures.
        return withUnsafeBytes(of: &address) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }

    /// Hands every connection to the library until `stop`.
    func accept(into daemon: Daemon, core: ServerCore) {
        NamedThread.start("http-accept") { [self] in
            spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
            while !isStopped.load(ordering: .relaxed) { acceptOne(daemon, core) }
            if spare >= 0 { close(spare) }
            close(descriptor)
            condition.withLock {
                hasEnded = true
                condition.signal()
            }
        }
    }

    /// Takes no more connections.
    func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        // Wakes the thread, which closes the descriptor.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Waits until the thread has ended, after `stop`. Blocks.
    func join() {
        condition.withLock {
            while !hasEnded { condition.wait() }
        }
    }

    /// Closes a socket that was never accepted from.
    func discard() { close(descriptor) }

    private func acceptOne(_ daemon: Daemon, _ core: ServerCore) {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let client = save_accept(descriptor, address, &size)
                guard client >= 0 else {
                    // Out of descriptors or memory: others must end first.
                    let code = errno
                    if code == EMFILE || code == ENFILE { turnAway() }
                    if code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM { usleep(20_000) }
                    return
                }
                let configuration = core.configuration
                let peer = ClientAddress(address)
                // A proxy's connections are those of all its clients.
                let isOneClient = !configuration.trustedProxies.contains(peer)
                if core.registry.count >= configuration.maxConnections
                    || isOneClient && core.registry.count(from: peer) >= configuration.maxConnectionsPerAddress
                {
                    if configuration.tls == nil { RawAnswer.send(Self.tooMany, to: client) }
                    core.lingering.adopt(client, limit: 65_536, milliseconds: 500)
                    return
                }
                if configuration.tls != nil, Self.speaksPlainHTTP(client) {
                    RawAnswer.send(Self.notTLS, to: client)
                    core.lingering.adopt(client, limit: 65_536, milliseconds: 2_000)
                    return
                }
                daemon.add(client, address, size)
            }
        }
    }

    /// Tells the client that waits longest, with the one descriptor that is there for this. Without the answer it would wait for
    /// nothing.
    private func turnAway() {
        guard spare >= 0 else {
            spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
            return
        }
        close(spare)
        let client = save_accept(descriptor, nil, nil)
        if client >= 0 {
            RawAnswer.send(Self.tooMany, to: client)
            shutdown(client, Int32(SHUT_WR))
            close(client)
        }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    /// Whether the first byte of a connection begins a method. A record of TLS begins with 22 (RFC 8446, 5.1).
    private static func speaksPlainHTTP(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 1 && ASCII.isLetter(byte)
    }

    private static let notTLS = RawAnswer.refusal(400, "this port speaks TLS: write https:// in the URL")
    private static let tooMany = RawAnswer.refusal(
        503, "too many connections: close those that are not used, or ask again later", retryAfter: 1)
}
