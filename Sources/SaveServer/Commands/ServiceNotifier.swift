internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Tells systemd, or whatever supervises the process in the same way, what the server is doing (sd_notify(3)).
package struct ServiceNotifier: Sendable {
    /// The socket; a name that begins with a NUL is in the abstract namespace (unix(7)). Nil where nobody wants to be told.
    private let address: [UInt8]?
    /// How often the watchdog wants to hear; nil where there is none.
    package let watchdogInterval: Duration?

    package init(_ environment: [String: String]) {
        var bytes = Array((environment["NOTIFY_SOCKET"] ?? "").utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        // sd_notify(3) knows vsock: as well; a path is absolute.
        let isKnown = bytes.first == 0 || bytes.first == UInt8(ascii: "/")
        address = isKnown && bytes.count > 1 && bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) ? bytes : nil
        // sd_watchdog_enabled(3): WATCHDOG_PID says whom it is for, and half of the time is recommended.
        let isMine = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap {
            $0 > 1 && isMine ? .microseconds($0 / 2) : nil
        }
    }

    /// Sends assignments, such as `READY=1`. Nothing that goes wrong with it matters to the server.
    package func send(_ assignments: String...) {
        guard let address else { return }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        // A path ends with a NUL; a name in the abstract namespace has exactly the bytes that the length says.
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = start + address.count + (address.first == 0 ? 0 : 1)
        let text = Array(assignments.joined(separator: "\n").utf8)
        withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), pointer, socklen_t(length))
            }
        }
    }

    /// systemd.service(5), Type=notify-reload: the time tells this reload from an earlier one.
    package func sendReloading() {
        send("RELOADING=1", "MONOTONIC_USEC=\(PlatformClock.system.uptime() / 1000)")
    }

    /// Tells the watchdog at half of its time that all is well, as long as it is. Until it is cancelled.
    package func feedWatchdog(while isHealthy: @Sendable () async -> Bool) async {
        guard let watchdogInterval else { return }
        while !Task.isCancelled {
            if await isHealthy() { send("WATCHDOG=1") }
            try? await Task.sleep(for: watchdogInterval)
        }
    }
}
