internal import Foundation
internal import Synchronization

/// A fixed set of threads for calls that block: files, fsync, SQLite, password hashes.
///
/// Swift's cooperative pool has about one thread a core and must not be blocked. Work waits in a queue here without
/// holding a thread; who calls `run` suspends until its own piece is done. Cancelling the caller does not stop work
/// that began.
public final class BlockingPool: Sendable {
    private let condition = NSCondition()
    // SAFETY: both are read and written with `condition` locked only.
    nonisolated(unsafe) private var queue: [@Sendable () -> Void] = []
    nonisolated(unsafe) private var head = 0
    nonisolated(unsafe) private var isStopped = false

    /// Starts the threads.
    ///
    /// - Parameter niceness: 0 for threads like all others, up to 19 for threads that give way to them.
    public init(name: String, threads: Int, niceness: Int32 = 0) {
        for number in 0..<max(1, threads) {
            let thread = Thread { [self] in
                // setpriority(2): "in the current Linux/NPTL implementation of POSIX threads, the nice value is a per-thread
                // attribute". A thread that may not be made nicer works all the same.
                if niceness > 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
                work()
            }
            thread.name = "\(name)-\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Runs `body` on one of the pool's threads and returns what it returns.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            enqueue { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Lets the threads end once what is queued has run. Nothing may be queued afterwards.
    public func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    private func enqueue(_ work: @escaping @Sendable () -> Void) {
        condition.lock()
        queue.append(work)
        condition.signal()
        condition.unlock()
    }

    private func work() {
        while let next = next() { next() }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while head == queue.count {
            if isStopped { return nil }
            condition.wait()
        }
        let work = queue[head]
        head += 1
        if head == queue.count || head > 1024 {
            queue.removeFirst(head)
            head = 0
        }
        return work
    }
}
