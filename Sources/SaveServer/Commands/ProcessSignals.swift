internal import Glibc
internal import SavePlatform
internal import Synchronization

/// What the operator, or whatever supervises the process, tells it while it runs.
enum ProcessSignal {
    /// SIGTERM: end in order, so that a load balancer sees it coming.
    case terminate
    /// SIGINT: a person at the terminal wants it to end.
    case interrupt
    /// SIGHUP: read certificates again, open logs again.
    case hangUp
}

/// SIGTERM, SIGINT and SIGHUP as something to wait for.
///
/// The handler writes a byte to a pipe, which a handler may do (signal-safety(7)), and a thread reads it. Blocking the
/// signals and waiting for them does not work: the main thread of a program with `await` at its top level waits with an
/// empty mask, and the default action takes the process there.
struct ProcessSignals: Sendable {
    private let readEnd: Int32

    /// Catches the signals from now on. Once per process.
    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw SaveError(.internalFailure, "no pipe for signals: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A handler must not wait for a reader; that a signal was given is known from the bytes that are there already.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        readEnd = ends[0]
        signalPipe.store(ends[1], ordering: .releasing)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number) { number in
                let before = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe.load(ordering: .acquiring), &byte, 1)
                errno = before
            }
        }
        // A client that leaves is an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The next signal, in the order in which they came; one that came before is not lost. One caller at a time.
    func next() async -> ProcessSignal {
        let descriptor = readEnd
        return await withCheckedContinuation { (continuation: CheckedContinuation<ProcessSignal, Never>) in
            NamedThread.start("signals") {
                var byte: UInt8 = 0
                while read(descriptor, &byte, 1) < 0, errno == EINTR {}
                switch Int32(byte) {
                case SIGHUP: continuation.resume(returning: .hangUp)
                case SIGINT: continuation.resume(returning: .interrupt)
                default: continuation.resume(returning: .terminate)
                }
            }
        }
    }
}

/// Where the handler writes; a handler has nothing but globals.
private let signalPipe = Atomic<Int32>(-1)
