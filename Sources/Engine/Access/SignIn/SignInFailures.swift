internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Writes failed sign-ins to the audit trail: the first of a name and an address at once, then at most one every few
/// seconds with the number there were, so that a flood of guesses is neither lost nor a flood of commits.
final class SignInFailures: Sendable {
    private struct Subject: Hashable {
        let identity: String
        let address: [UInt8]
    }

    private struct Tally {
        var recorded: UInt64
        var unrecorded: Int64 = 0
    }

    private static let interval: UInt64 = 10_000_000_000
    private let trail: any AuditRecording
    private let clock: PlatformClock
    /// All failures, since the start.
    let count = Atomic<Int>(0)
    private let tallies: Mutex<RecentTable<Subject, Tally>>

    init(trail: any AuditRecording, clock: PlatformClock, capacity: Int) {
        self.trail = trail
        self.clock = clock
        tallies = Mutex(RecentTable(capacity: capacity))
    }

    /// Counts a failure, and writes a record when one is due. A trail that cannot be written does not change the answer.
    func record(identity: String, _ refusal: SignInRefusal, _ request: HTTPRequest) async {
        guard refusal.isRecorded else { return }
        count.wrappingAdd(1, ordering: .relaxed)
        // Refused attempts are not told apart by name: names are free, and each would get a record of its own.
        let shown = refusal == .limited ? "" : identity
        guard let count = due(Subject(identity: shown, address: request.client.bytes)) else { return }
        let name = PrincipalName(identity)
        let event = AuditEvent(
            "auth.fail", name?.isRobot == true ? "robot" : "user", identity, outcome: .failed,
            details: ["user": .string(identity), "reason": .string(refusal.reason), "count": .integer(count)])
        await trail.record(event, AuditContext(request, .anonymous))
    }

    /// The number of failures to record now, or nil while the last record is too fresh.
    private func due(_ subject: Subject) -> Int64? {
        let now = clock.uptime()
        return tallies.withLock { tallies in
            if var aggregator = tallies[subject], now < aggregator.recorded &+ Self.interval {
                aggregator.unrecorded += 1
                tallies[subject] = aggregator
                return nil
            }
            let earlier = tallies[subject]?.unrecorded ?? 0
            tallies[subject] = Tally(recorded: now)
            return earlier + 1
        }
    }
}
