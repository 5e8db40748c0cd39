internal import Glibc

/// Milliseconds that never run backwards, a few milliseconds coarse: read several times a request.
enum MonotonicTime {
    static func milliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(clamping: time.tv_sec) &* 1000 &+ UInt64(clamping: time.tv_nsec) / 1_000_000
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}

extension Duration {
    /// Whole milliseconds; 0 for a negative duration.
    var milliseconds: UInt64 {
        let parts = components
        return UInt64(clamping: parts.seconds) &* 1000 &+ UInt64(clamping: parts.attoseconds / 1_000_000_000_000_000)
    }
}
