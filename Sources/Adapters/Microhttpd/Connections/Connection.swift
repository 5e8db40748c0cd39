internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// One client's connection, from accept to close.
///
/// The library's thread writes what the watch reads: `progress` says what the connection waits for and since when.
final class Connection: Sendable {
    /// What a connection is waiting for.
    enum Phase: UInt64 {
        /// Its first request.
        case fresh
        /// Its next request.
        case idle
        /// The rest of a header section.
        case head
        /// The client's body bytes.
        case body
        /// The responder or the producer of the answer's body.
        case responder
        /// The client, to take the answer.
        case sending
    }

    let descriptor: Int32
    let client: ClientAddress
    let server: ServerCore
    /// The exchange whose task the connection waits for. Set while it is suspended, and only then.
    let suspended = Mutex<Exchange?>(nil)
    /// What the client was shown at the start of TLS. The library keeps pointers into it.
    let identity = Mutex<TLSIdentity?>(nil)
    /// Body bytes received on this connection.
    let received = Atomic<UInt64>(0)
    /// The watch has cut this connection; nothing may be answered on it.
    let isCut = Atomic<Bool>(false)
    /// Reading the rest of a refused body is worth some time.
    let refusedBody = Atomic<Bool>(false)
    /// The status of a refusal that the library made of the request that is being handled; 0 where it made none.
    let refusedStatus = Atomic<Int>(0)
    /// A phase in the upper byte and its start in milliseconds below.
    private let progress: Atomic<UInt64>

    init(descriptor: Int32, client: ClientAddress, server: ServerCore) {
        self.descriptor = descriptor
        self.client = client
        self.server = server
        progress = Atomic(Self.pack(.fresh, MonotonicTime.milliseconds()))
    }

    /// Starts a phase.
    func enter(_ phase: Phase) { enter(phase, at: MonotonicTime.milliseconds()) }

    /// Starts a phase at a time that was read already.
    ///
    /// - Parameter milliseconds: of `MonotonicTime`.
    func enter(_ phase: Phase, at milliseconds: UInt64) {
        progress.store(Self.pack(phase, milliseconds), ordering: .relaxed)
    }

    /// The phase and when it began.
    var phase: (phase: Phase, since: UInt64) {
        let packed = progress.load(ordering: .relaxed)
        return (Phase(rawValue: packed >> 56) ?? .idle, packed & 0xFF_FFFF_FFFF_FFFF)
    }

    private static func pack(_ phase: Phase, _ milliseconds: UInt64) -> UInt64 {
        phase.rawValue << 56 | milliseconds & 0xFF_FFFF_FFFF_FFFF
    }
}
