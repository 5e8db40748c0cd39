internal import SaveCaching
package import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// Slows down who guesses: after a few failures of one name from one address, and after many from one address, the next
/// attempt has to wait, twice as long each time.
///
/// What is verified already (`CredentialCache`) and API keys never come here, so a guesser does not lock out the machines
/// that are at work. Memory is bounded; see `RecentTable`.
package final class SignInLimiter: Sendable {
    /// When waiting starts and how long it gets.
    package struct Rules: Sendable {
        /// Failures of one name from one address before the first wait, and the longest wait in seconds.
        package var perIdentity = 5
        package var maxWaitSeconds: UInt64 = 300
        /// The same for all names from one address. Many people may share one, so the wait stays short.
        package var perAddress = 50
        package var maxAddressWaitSeconds: UInt64 = 5
        /// Seconds without a failure after which earlier ones are forgotten.
        package var memory: UInt64 = 900
        /// How many names and addresses are remembered.
        package var capacity = 10_000
        package init() {}
    }

    /// What an attempt was counted under.
    package struct Ticket: Sendable, Hashable {
        let identity: String
        let address: [UInt8]
    }

    private enum Subject: Hashable {
        case identity(Ticket)
        case address([UInt8])
    }

    private struct Tally {
        var failures = 0
        var running = 0
        var lastFailure: UInt64 = 0
        var blockedUntil: UInt64 = 0

        var isEmpty: Bool { failures == 0 && running == 0 }
    }

    private static let second: UInt64 = 1_000_000_000
    private let rules: Rules
    private let clock: PlatformClock
    private let tallies: Mutex<RecentTable<Subject, Tally>>

    package init(rules: Rules = Rules(), clock: PlatformClock) {
        self.rules = rules
        self.clock = clock
        tallies = Mutex(RecentTable(capacity: rules.capacity))
    }

    /// Lets an attempt begin. Every ticket is handed back to `end`.
    ///
    /// - Throws: `tooManyRequests` with `retry_after` in seconds.
    package func begin(identity: String, from client: ClientAddress) throws -> Ticket {
        let ticket = Ticket(identity: identity, address: client.network)
        let now = clock.uptime()
        try tallies.withLock { tallies in
            var shared = aggregator(of: .address(ticket.address), in: &tallies, at: now)
            try refuse(until: shared.blockedUntil, at: now)
            var own = aggregator(of: .identity(ticket), in: &tallies, at: now)
            try refuse(until: own.blockedUntil, at: now)
            try refuseBeyond(rules.perIdentity, own)
            try refuseBeyond(rules.perAddress, shared)
            own.running += 1
            shared.running += 1
            tallies[.identity(ticket)] = own
            tallies[.address(ticket.address)] = shared
        }
        return ticket
    }

    /// Whether an attempt by this name from this address would have to wait.
    package func isLimited(identity: String, from client: ClientAddress) -> Bool {
        let ticket = Ticket(identity: identity, address: client.network)
        let now = clock.uptime()
        return tallies.withLock { tallies in
            aggregator(of: .address(ticket.address), in: &tallies, at: now).blockedUntil > now
                || aggregator(of: .identity(ticket), in: &tallies, at: now).blockedUntil > now
        }
    }

    /// What came of an attempt.
    package enum Outcome { case succeeded, failed, undecided }

    /// Ends an attempt.
    package func end(_ ticket: Ticket, _ outcome: Outcome) {
        let now = clock.uptime()
        tallies.withLock { tallies in
            var own = aggregator(of: .identity(ticket), in: &tallies, at: now)
            var shared = aggregator(of: .address(ticket.address), in: &tallies, at: now)
            own.running = max(0, own.running - 1)
            shared.running = max(0, shared.running - 1)
            switch outcome {
            case .undecided: break
            case .succeeded: own = Tally(running: own.running)
            case .failed:
                count(&own, allowance: rules.perIdentity, maxWaitSeconds: rules.maxWaitSeconds, at: now)
                count(&shared, allowance: rules.perAddress, maxWaitSeconds: rules.maxAddressWaitSeconds, at: now)
            }
            tallies[.identity(ticket)] = own.isEmpty ? nil : own
            tallies[.address(ticket.address)] = shared.isEmpty ? nil : shared
        }
    }

    private func aggregator(of subject: Subject, in tallies: inout RecentTable<Subject, Tally>, at now: UInt64) -> Tally {
        guard let aggregator = tallies[subject] else { return Tally() }
        let isForgotten = now &- aggregator.lastFailure > rules.memory &* Self.second && now > aggregator.lastFailure
        return isForgotten ? Tally(running: aggregator.running) : aggregator
    }

    private func count(_ aggregator: inout Tally, allowance: Int, maxWaitSeconds: UInt64, at now: UInt64) {
        aggregator.failures = min(aggregator.failures + 1, 1_000_000)
        aggregator.lastFailure = now
        guard aggregator.failures >= allowance else { return }
        let wait = min(UInt64(1) << UInt64(min(aggregator.failures - allowance, 20)), maxWaitSeconds)
        aggregator.blockedUntil = now &+ wait &* Self.second
    }

    /// Attempts that are being checked count as failures until they are known not to be: otherwise a hundred guesses sent
    /// at once would all pass.
    private func refuseBeyond(_ allowance: Int, _ aggregator: Tally) throws {
        guard aggregator.running + min(aggregator.failures, allowance - 1) < allowance else { throw Self.refusal(seconds: 1) }
    }

    private func refuse(until moment: UInt64, at now: UInt64) throws {
        guard moment > now else { return }
        throw Self.refusal(seconds: (moment - now + Self.second - 1) / Self.second)
    }

    private static func refusal(seconds: UInt64) -> SaveError {
        SaveError(
            .tooManyRequests, "too many failed sign-ins; try again in \(seconds) s", details: ["retry_after": String(seconds)])
    }
}
