internal import CMicrohttpd
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

// What the library calls, on its own threads. `context` is the server's core, which outlives the daemon.

// SAFETY (all of this file): the library hands back the pointers it was given. A connection is retained from its start to
// its close, an exchange from its request line to its completion.

/// The first sight of a request: its target, before the library cuts it up in place.
func beginExchange(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let target, let handle, let pointer = save_mhd_socket_context(handle) else { return nil }
    let connection = Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
    let started = MonotonicTime.nanoseconds()
    connection.enter(.head, at: started / 1_000_000)
    let bytes = UnsafeRawBufferPointer(start: target, count: strlen(target))
    let exchange = Exchange(
        connection, handle: handle, target: Array(bytes), started: started,
        location: TargetLocation(address: UInt(bitPattern: target), length: bytes.count))
    return Unmanaged.passRetained(exchange).toOpaque()
}

/// Leaves every byte of the target as it is: the platform decodes it, once.
func keepEscapes(
    context: UnsafeMutableRawPointer?, handle: OpaquePointer?, text: UnsafeMutablePointer<CChar>?
) -> Int {
    text.map { strlen($0) } ?? 0
}

func handleRequest(
    context: UnsafeMutableRawPointer?, handle: OpaquePointer?, url: UnsafePointer<CChar>?, method: UnsafePointer<CChar>?,
    version: UnsafePointer<CChar>?, bytes: UnsafePointer<CChar>?, size: UnsafeMutablePointer<Int>?,
    exchange: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle, let method, let version, let size, let pointer = exchange?.pointee else { return .NO }
    let exchange = Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue()
    var taken = 0
    let result = exchange.handle(
        method: method, version: version, handle: handle,
        bytes: UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : size.pointee), taken: &taken)
    size.pointee -= min(taken, size.pointee)
    return result
}

func finishExchange(
    context: UnsafeMutableRawPointer?, handle: OpaquePointer?, exchange: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    code: MHD_RequestTerminationCode
) {
    guard let exchange, let pointer = exchange.pointee else { return }
    exchange.pointee = nil
    Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue().finish(isComplete: code == .REQUEST_TERMINATED_COMPLETED_OK)
}

func connectionChanged(
    context: UnsafeMutableRawPointer?, handle: OpaquePointer?, socket: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    code: MHD_ConnectionNotificationCode
) {
    guard let context, let handle, let socket else { return }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    switch code {
    case .CONNECTION_NOTIFY_STARTED:
        let connection = Connection(
            descriptor: save_mhd_descriptor(handle), client: ClientAddress(save_mhd_address(handle)), server: core)
        core.registry.add(connection)
        socket.pointee = Unmanaged.passRetained(connection).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        guard let pointer = socket.pointee else { return }
        socket.pointee = nil
        let connection = Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue()
        core.lingering.consider(connection)
        core.registry.remove(connection)
    default: break
    }
}

/// Which certificate a new TLS connection is shown: the one in force, which the connection keeps until it is closed.
func chooseIdentity(
    session: gnutls_session_t?, authorities: UnsafePointer<gnutls_datum_t>?, authorityCount: Int32,
    algorithms: UnsafePointer<gnutls_pk_algorithm_t>?, algorithmCount: Int32,
    certificates: UnsafeMutablePointer<UnsafeMutablePointer<gnutls_pcert_st>?>?, count: UnsafeMutablePointer<UInt32>?,
    key: UnsafeMutablePointer<gnutls_privkey_t?>?
) -> Int32 {
    guard let session, let handle = save_mhd_connection(session), let pointer = save_mhd_socket_context(handle) else { return -1 }
    let connection = Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
    guard let identity = connection.server.identity.withLock({ $0 }) else { return -1 }
    connection.identity.withLock { $0 = identity }
    certificates?.pointee = identity.certificates
    count?.pointee = UInt32(identity.count)
    key?.pointee = identity.key
    return 0
}

extension ClientAddress {
    /// The address in a socket address of IPv4 or IPv6.
    init(_ address: UnsafePointer<sockaddr>?) {
        guard let address else {
            self = .unknown
            return
        }
        let raw = UnsafeRawPointer(address)
        // SAFETY: the family says how long the structure is that the kernel filled in.
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let start = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4
            self.init(bytes: Array(UnsafeRawBufferPointer(start: raw + start, count: 4)))
        case AF_INET6:
            let start = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            self.init(bytes: Array(UnsafeRawBufferPointer(start: raw + start, count: 16)))
        default: self = .unknown
        }
    }
}
