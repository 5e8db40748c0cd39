package import SaveHTTP
package import SavePlatform
internal import Synchronization

/// A clock that stands still until it is moved.
package final class ManualClock: Sendable {
    private let elapsed = Mutex<UInt64>(0)
    private let start: Timestamp

    package init(start: Timestamp = Timestamp(seconds: 1_800_000_000)) { self.start = start }

    /// Moves the clock on.
    package func advance(seconds: UInt64) { elapsed.withLock { $0 += seconds * 1_000_000_000 } }

    /// The clock, as the platform takes it.
    package var platform: PlatformClock {
        PlatformClock(
            now: { self.start.adding(seconds: Int64(clamping: self.elapsed.withLock { $0 } / 1_000_000_000)) },
            uptime: { 1_000_000_000_000 + self.elapsed.withLock { $0 } })
    }
}
