internal import Glibc
package import SavePlatform

/// Where the platform takes the time from; a value, so that tests hand in their own.
package struct PlatformClock: Sendable {
    /// The wall clock, for records and for times that clients see.
    package let now: @Sendable () -> Timestamp
    /// Nanoseconds that never run backwards, for deadlines and validity.
    package let uptime: @Sendable () -> UInt64

    package init(now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> UInt64) {
        self.now = now
        self.uptime = uptime
    }

    /// The machine's clocks.
    package static let system = PlatformClock(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
        },
        uptime: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
        })
}
