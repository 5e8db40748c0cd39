package import SaveHTTP

/// How long a call of a loaded format may take, and what happens to a format whose calls do not come back.
package struct SupervisionRules: Sendable {
    /// Time for one call; of an upload, for what it does between two waits.
    package var deadline: Duration = .seconds(10)
    /// Threads that work at the same time. More than there are cores, so that one call that never comes back leaves others.
    package var width = 4
    /// Threads that are given up before the format is out of service.
    package var tolerated = 8
    package var log: Log = .silent()

    package init() {}

    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = deadline.components
        return UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000).partialValue
            &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
