package import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// What a look at a part of the server found, for all who ask about it. There is one look at a time.
///
/// A look waits its turn behind other work of the same disk or database, which takes tens of milliseconds on a server at work.
/// So a finding answers for a while, and in the second half of that while the next look runs behind the answer's back:
/// a caller that asks often never waits, and one that asks rarely gets what is so now.
package final class SharedLook: Sendable {
    private struct State {
        /// What was found last, and when that look began.
        var problem: String?
        var looked: UInt64?
        /// When a look began that has not come back; its number tells it from later ones.
        var begun: UInt64?
        var number: UInt64 = 0
        var waiting: [CheckedContinuation<String?, Never>] = []
    }

    /// A finding of this age, in nanoseconds, makes the next one to ask start another look.
    private static let renewal: UInt64 = 1_000_000_000
    /// A finding as old as this answers nobody. Ages count from the beginning of a look.
    private static let maxAge: UInt64 = 2_000_000_000
    private let patience: UInt64
    private let slow: String
    private let clock: PlatformClock
    private let look: @Sendable () async -> String?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - part: what is looked at, as its problem names it: "the database".
    ///   - patience: after which a look that does not come back is a problem by itself.
    ///   - look: says what is wrong; nil where nothing is. It may block its task for as long as the part does.
    package init(
        at part: String, patience: Duration = .seconds(5), clock: PlatformClock = .system,
        _ look: @escaping @Sendable () async -> String?
    ) {
        let (seconds, attoseconds) = patience.components
        self.patience = UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
        slow = "\(part) does not answer"
        self.clock = clock
        self.look = look
    }

    /// What is wrong; nil where nothing is. The answer is less than two seconds old, or comes from a look that was under way; it
    /// comes within `patience` also when the look does not come back.
    package func problem() async -> String? {
        await withCheckedContinuation { continuation in
            let (answer, number, now) = state.withLock { state -> (String??, UInt64?, UInt64) in
                // Under the lock: a time from before it may be earlier than the beginning of a look.
                let now = clock.uptime()
                if let begun = state.begun, now &- begun > patience { return (.some(slow), nil, now) }
                let age = state.looked.map { now &- $0 }
                var started: UInt64?
                if state.begun == nil, age.map({ $0 >= Self.renewal }) ?? true {
                    state.begun = now
                    state.number &+= 1
                    started = state.number
                }
                if let age, age < Self.maxAge { return (.some(state.problem), started, now) }
                state.waiting.append(continuation)
                return (nil, started, now)
            }
            if let number { begin(number, at: now) }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func begin(_ number: UInt64, at now: UInt64) {
        Task { [self] in
            let problem = await look()
            end(number) { state in
                state.problem = problem
                state.looked = now
                state.begun = nil
                return problem
            }
        }
        Task { [self] in
            try? await Task.sleep(for: .nanoseconds(patience))
            end(number) { _ in slow }
        }
    }

    /// Answers all who wait for a look, unless it is over.
    private func end(_ number: UInt64, _ finding: (inout State) -> String?) {
        let (problem, waiting) = state.withLock { state -> (String?, [CheckedContinuation<String?, Never>]) in
            guard state.begun != nil, state.number == number else { return (nil, []) }
            let problem = finding(&state)
            defer { state.waiting = [] }
            return (problem, state.waiting)
        }
        for one in waiting { one.resume(returning: problem) }
    }
}
