internal import Glibc

/// A thread of the operating system, for what blocks or has to wait for other programs.
package enum NamedThread {
    /// What a thread runs.
    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread, which ends with `body`.
    ///
    /// - Parameters:
    ///   - name: shown by `ps -L` and debuggers, 15 bytes of it.
    ///   - stackSize: bytes.
    /// - Returns: false where the system gives no more threads.
    @discardableResult
    package static func start(_ name: String, stackSize: Int = 8 << 20, _ body: @escaping @Sendable () -> Void) -> Bool {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setstacksize(attributes, stackSize)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Unmanaged.passRetained(Work(String(decoding: name.utf8.prefix(15), as: UTF8.self), body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, attributes,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                NamedThread.nameThread(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        if status != 0 { work.release() }
        return status == 0
    }

    /// Names the calling thread. The call of pthreads for it is hidden from Swift; this is what it does (proc(5), "comm").
    private static func nameThread(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }

    /// Holds the calling thread up.
    package static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var wanted = timespec(tv_sec: Int(max(seconds, 0)), tv_nsec: Int(max(attoseconds, 0) / 1_000_000_000))
        var left = timespec()
        while nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
    }
}
