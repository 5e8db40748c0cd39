internal import Glibc
internal import Synchronization

/// A fixed set of threads for calls that block: files, fsync, SQLite, password hashes.
///
/// Swift's cooperative pool has about one thread a core and must not be blocked. Work waits in a queue here without
/// holding a thread; who calls `run` suspends until its own piece is done. Cancelling the caller does not stop work
/// that began.
///
/// Short work goes before long work, and long work never has all threads: however much of it there is, short work does not
/// wait for its end. Every so often a long one goes first, so that none waits for good.
package final class BlockingPool: Sendable {
    /// How long a piece of work takes, about.
    package enum Length: Sendable {
        /// A look at the disk, a small page.
        case short
        /// A sync of a file, a large page.
        case long

        /// Of reading or digesting so many bytes of a document.
        package static func reading(_ count: Int) -> Self { count > 256 << 10 ? .long : .short }

        /// Of rendering a page with so many lines.
        package static func rendering(_ count: Int) -> Self { count > 1000 ? .long : .short }
    }

    private let condition = Condition()
    // SAFETY: all are read and written with `condition` locked only.
    nonisolated(unsafe) private var short = WorkQueue()
    nonisolated(unsafe) private var long = WorkQueue()
    nonisolated(unsafe) private var runningLong = 0
    nonisolated(unsafe) private var shortInARow = 0
    nonisolated(unsafe) private var isStopped = false
    private let maxLong: Int

    /// So many short pieces go before a long one that waits.
    private static let maxInARow = 16

    /// Starts the threads.
    ///
    /// - Parameter niceness: 0 for threads like all others, up to 19 for threads that give way to them.
    package init(name: String, threads: Int, niceness: Int32 = 0) {
        maxLong = max(1, threads - 1)
        for number in 0..<max(1, threads) {
            let isStarted = NamedThread.start("\(name)-\(number)", stackSize: 1 << 20) { [self] in
                // setpriority(2): "in the current Linux/NPTL implementation of POSIX threads, the nice value is a per-thread
                // attribute". A thread that may not be made nicer works all the same.
                if niceness > 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
                work()
            }
            precondition(isStarted || number > 0, "the system gives no thread to \(name)")
        }
    }

    /// Runs `body` on one of the pool's threads and returns what it returns.
    package func run<Value: Sendable>(
        lasting length: Length = .short, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            enqueue(length) { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Pieces of work that wait for a thread.
    package var waiting: Int {
        condition.lock()
        defer { condition.unlock() }
        return short.count + long.count
    }

    /// Lets the threads end once what is queued has run. Nothing may be queued afterwards.
    package func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    private func enqueue(_ length: Length, _ work: @escaping @Sendable () -> Void) {
        condition.lock()
        switch length {
        case .short: short.append(work)
        case .long: long.append(work)
        }
        condition.signal()
        condition.unlock()
    }

    private func work() {
        while let (work, length) = next() {
            work()
            if length == .long { endLong() }
        }
    }

    private func endLong() {
        condition.lock()
        runningLong -= 1
        // Another long one may begin now, and its signal may have been spent on a thread that was not allowed to take it.
        if isStopped { condition.broadcast() } else { condition.signal() }
        condition.unlock()
    }

    private func next() -> (@Sendable () -> Void, Length)? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let mayTakeLong = !long.isEmpty && runningLong < maxLong
            if mayTakeLong, short.isEmpty || shortInARow >= Self.maxInARow, let work = long.popFirst() {
                runningLong += 1
                shortInARow = 0
                return (work, .long)
            }
            if let work = short.popFirst() {
                shortInARow = long.isEmpty ? 0 : shortInARow + 1
                return (work, .short)
            }
            if isStopped, long.isEmpty { return nil }
            condition.wait()
        }
    }
}

/// Work in the order in which it came.
private struct WorkQueue {
    private var work: [@Sendable () -> Void] = []
    private var head = 0

    var isEmpty: Bool { head == work.count }
    var count: Int { work.count - head }

    mutating func append(_ next: @escaping @Sendable () -> Void) { work.append(next) }

    mutating func popFirst() -> (@Sendable () -> Void)? {
        guard head < work.count else { return nil }
        let next = work[head]
        head += 1
        if head == work.count || head > 1024 {
            work.removeFirst(head)
            head = 0
        }
        return next
    }
}
