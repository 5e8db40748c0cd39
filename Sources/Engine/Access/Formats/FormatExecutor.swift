internal import Glibc
package import SaveHTTP
internal import SavePlatform

/// Threads on which the code of a loaded format runs, so that code that never comes back keeps none of the server's
/// (`docs/adr/0030-threads-of-loaded-formats.md`).
///
/// A thread cannot be stopped from outside. One that is past the deadline is given up: its call ends with `formatTimeout`, it gets
/// the lowest priority, and another takes its place. When too many are given up, the format answers `busy` at once, until one of
/// them comes back after all.
final class FormatExecutor: Sendable {
    private struct Work {
        let caller: any Abandonable
        /// Whether it begins a call: a closed format still finishes those that began before.
        let isNew: Bool
        let run: () -> Void
    }

    private struct Running {
        let caller: any Abandonable
        /// Nanoseconds of uptime.
        let begun: UInt64
        let thread: pthread_t
        var isGivenUp = false
    }

    private struct State {
        var queue: [Work] = []
        /// Those at work, by their numbers.
        var running: [Int: Running] = [:]
        /// Threads that take work.
        var serving = 0
        /// Whether the thread that gives calls up was started.
        var isWatched = false
        var idle = 0
        var started = 0
        var givenUp = 0
        var isClosed = false
    }

    /// SCHED_IDLE of sched(7), "for running very low priority background jobs", which every thread may choose.
    private static let idlePolicy: Int32 = 5

    private let name: String
    private let rules: SupervisionRules
    private let condition = Condition()
    // SAFETY: read and written with `condition` locked only.
    nonisolated(unsafe) private var state = State()

    /// - Parameter name: the format's id.
    init(name: String, rules: SupervisionRules) {
        self.name = name
        self.rules = rules
    }

    /// What a call to a closed format ends with.
    private var closed: SaveError {
        SaveError(
            .busy, "the format '\(name)' is out of service: \(rules.tolerated) of its calls never came back; restart the server",
            details: ["retry_after": "60"])
    }

    private var threadless: SaveError {
        SaveError(
            .busy, "the system gives the format '\(name)' no thread: raise its limits (TasksMax, ulimit -u), or ask again",
            details: ["retry_after": "10"])
    }

    /// Puts work into the queue, or abandons its caller.
    ///
    /// - Parameter isNew: whether it begins a call.
    func add(_ caller: any Abandonable, isNew: Bool, _ run: @escaping () -> Void) {
        let isAccepted = locked { state in
            guard !state.isClosed || (!isNew && state.serving > 0) else { return false }
            state.queue.append(Work(caller: caller, isNew: isNew, run: run))
            startThreads(&state)
            return true
        }
        if !isAccepted { return caller.abandon(closed) }
        // The system may give no thread, and then nobody would ever come for it.
        let left = locked { state -> [Work] in
            guard state.serving == 0 else { return [] }
            defer { state.queue = [] }
            return Array(state.queue)
        }
        for work in left { work.caller.abandon(threadless) }
    }

    private func locked<Value>(_ body: (inout State) -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body(&state)
    }

    // MARK: Work

    /// Wakes a thread for what waits, or starts one.
    private func startThreads(_ state: inout State) {
        condition.signal()
        guard state.idle < state.queue.count, state.serving < rules.width, !state.isClosed else { return }
        if !state.isWatched { state.isWatched = start("watch") { threads in threads.watch() } }
        // Without a watch no call would ever be given up.
        let number = state.started + 1
        guard state.isWatched, start("\(number)", { threads in threads.serve(as: number) }) else { return }
        state.started = number
        state.serving += 1
    }

    /// - Returns: false where the system gives no thread.
    private func start(_ suffix: String, _ body: @escaping @Sendable (FormatExecutor) -> Void) -> Bool {
        // As much as the threads of the cooperative pool have, on which formats run that are compiled in.
        NamedThread.start("\(name)-\(suffix)", stackSize: 8 << 20) { [self] in body(self) }
    }

    private func serve(as number: Int) {
        let thread = pthread_self()
        repeat { next(number, thread).run() } while takesMore(number)
    }

    private func next(_ number: Int, _ thread: pthread_t) -> Work {
        condition.lock()
        defer { condition.unlock() }
        state.idle += 1
        // Not through `locked`, whose access to the state is exclusive: others change it while this waits, and the compiler would
        // be right to look at the queue once only.
        while state.queue.isEmpty { condition.wait() }
        state.idle -= 1
        let work = state.queue.removeFirst()
        state.running[number] = Running(caller: work.caller, begun: PlatformClock.system.uptime(), thread: thread)
        return work
    }

    /// Whether a thread that is done with its work takes more. One that was given up does not: its place is taken, and its
    /// priority cannot be raised again.
    private func takesMore(_ number: Int) -> Bool {
        let (isServing, isOpened) = locked { state in
            guard state.running.removeValue(forKey: number)?.isGivenUp == true else { return (true, false) }
            state.givenUp -= 1
            defer { state.isClosed = false }
            return (false, state.isClosed)
        }
        if isOpened { rules.log(.notice, "a format is in service again: a call came back", ["format": name]) }
        return isServing
    }

    // MARK: Watching

    /// Gives up, for ever and in time, what is past the deadline. What begins while this sleeps is not past it when it wakes.
    private func watch() {
        while true {
            let now = PlatformClock.system.uptime()
            giveUp(now)
            let earliest = locked { $0.running.values.filter { !$0.isGivenUp }.map(\.begun).min() } ?? now
            let passed = PlatformClock.system.uptime() &- earliest
            let left = rules.nanoseconds > passed ? rules.nanoseconds - passed : 0
            NamedThread.sleep(.nanoseconds(max(left, 1_000_000)))
        }
    }

    private func giveUp(_ now: UInt64) {
        let (late, refused, isClosing) = locked { state -> ([any Abandonable], [any Abandonable], Bool) in
            var late: [any Abandonable] = []
            for (number, running) in state.running where !running.isGivenUp && rules.isOver(running.begun, at: now) {
                state.running[number]?.isGivenUp = true
                state.serving -= 1
                state.givenUp += 1
                late.append(running.caller)
                // It may burn what nobody else wants. The thread is there as long as it is in the list.
                var parameters = sched_param()
                pthread_setschedparam(running.thread, Self.idlePolicy, &parameters)
            }
            let isClosing = state.givenUp >= rules.tolerated && !state.isClosed
            state.isClosed = state.isClosed || isClosing
            guard state.isClosed else {
                if !late.isEmpty { startThreads(&state) }
                return (late, [], false)
            }
            let refused = state.queue.filter { $0.isNew || state.serving == 0 }.map(\.caller)
            state.queue.removeAll { $0.isNew || state.serving == 0 }
            return (late, refused, isClosing)
        }
        for caller in late {
            rules.log(.error, "a call of a format does not come back; its thread is given up", ["format": name])
            caller.abandon(
                SaveError(.formatTimeout, "the format '\(name)' did not answer in time: ask again; the server's log has more"))
        }
        if isClosing { rules.log(.error, closed.message, ["format": name]) }
        for caller in refused { caller.abandon(closed) }
    }
}

/// Where work of a format's threads comes from: it hears when it is given up.
protocol Abandonable: AnyObject, Sendable {
    /// Ends the call. What runs for it goes on, and its outcome is not looked at.
    func abandon(_ error: SaveError)
}

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

    /// Whether a call that began at one time has no time left at another. The clock is read before the calls are looked at, so that one may
    /// have begun later.
    package func isOver(_ begun: UInt64, at now: UInt64) -> Bool { now > begun && now - begun >= nanoseconds }

    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = deadline.components
        return UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000).partialValue
            &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
