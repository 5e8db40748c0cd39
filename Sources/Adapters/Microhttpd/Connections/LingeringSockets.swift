internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// Sockets that have been answered and closed for writing, and are read until the client has seen it.
///
/// RFC 9112, 9.6: a server that closes while the client still sends may have the answer erased by a reset, so it "first
/// performs a half-close by closing only the write side of the read/write connection" and goes on reading for a while.
final class LingeringSockets: Sendable {
    private struct Entry {
        let descriptor: Int32
        var left: Int64
        let deadline: UInt64
    }

    /// Each of them is a descriptor.
    private let maxSockets: Int
    private let entries = Mutex<[Entry]>([])
    /// Wakes the watch; -1 where there is none.
    let wake = save_eventfd()

    init(maxSockets: Int) { self.maxSockets = maxSockets }

    deinit {
        entries.withLock { for entry in $0 { close(entry.descriptor) } }
        if wake >= 0 { close(wake) }
    }

    /// Keeps a connection that the library is about to close where the client has not closed it.
    func consider(_ connection: Connection) {
        guard !connection.isCut.load(ordering: .relaxed) else { return }
        var byte: UInt8 = 0
        let got = recv(connection.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        guard got > 0 || got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) else { return }
        let copy = fcntl(connection.descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return }
        if connection.refusedBody.load(ordering: .relaxed) {
            adopt(copy, limit: connection.server.configuration.maxDiscardedBytes, milliseconds: 30_000)
        } else {
            adopt(copy, limit: 1 << 20, milliseconds: 2_000)
        }
    }

    /// Takes over a descriptor: closes it for writing, reads what comes, and closes it in the end.
    func adopt(_ descriptor: Int32, limit: Int64, milliseconds: UInt64) {
        shutdown(descriptor, Int32(SHUT_WR))
        let entry = Entry(descriptor: descriptor, left: limit, deadline: MonotonicTime.milliseconds() &+ milliseconds)
        let isKept = entries.withLock { entries in
            guard entries.count < maxSockets else { return false }
            entries.append(entry)
            return true
        }
        if isKept { signal() } else { close(descriptor) }
    }

    func signal() { save_eventfd_signal(wake) }

    /// Waits until something can be read, `signal` is called or the time is over, and reads.
    func wait(milliseconds: Int32) {
        var polled = entries.withLock { $0.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) } }
        polled.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
        guard poll(&polled, nfds_t(polled.count), milliseconds) >= 0 else { return }
        save_eventfd_clear(wake)
        let ready = Set(polled.lazy.filter { $0.revents != 0 }.map(\.fd))
        let now = MonotonicTime.milliseconds()
        entries.withLock { entries in
            entries = entries.compactMap { entry in
                var entry = entry
                let isOpen = now < entry.deadline && (!ready.contains(entry.descriptor) || Self.drain(&entry))
                if !isOpen { close(entry.descriptor) }
                return isOpen ? entry : nil
            }
        }
    }

    /// Drops what has come, a share of it at a time; false at the end.
    private static func drain(_ entry: inout Entry) -> Bool {
        for _ in 0..<16 {
            // MSG_TRUNC drops the bytes of a TCP socket without copying them (tcp(7)).
            let got = recv(entry.descriptor, nil, 1 << 20, Int32(MSG_DONTWAIT | MSG_TRUNC))
            if got < 0 { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR }
            if got == 0 { return false }
            entry.left -= Int64(got)
            if entry.left < 0 { return false }
        }
        return true
    }
}
