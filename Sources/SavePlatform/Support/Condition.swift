internal import Glibc

/// A lock with a condition that threads wait for (pthread_cond_wait(3)).
///
/// `Mutex` of the standard library has none, and a task that waits has no thread to hold up.
// SAFETY: the mutex and the condition are made once and stay where they are; all else is done by the calls of pthreads.
package final class Condition: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_cond_destroy(change)
        pthread_mutex_destroy(mutex)
        change.deallocate()
        mutex.deallocate()
    }

    package func lock() { pthread_mutex_lock(mutex) }
    package func unlock() { pthread_mutex_unlock(mutex) }

    package func withLock<Value>(_ body: () throws -> Value) rethrows -> Value {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Waits for a signal. The lock is free meanwhile, and held again at the end, which may come without a signal.
    package func wait() { pthread_cond_wait(change, mutex) }

    /// Wakes one that waits.
    package func signal() { pthread_cond_signal(change) }

    /// Wakes all that wait.
    package func broadcast() { pthread_cond_broadcast(change) }
}
