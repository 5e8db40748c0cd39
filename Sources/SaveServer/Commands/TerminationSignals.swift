internal import Foundation
internal import SavePlatform
internal import Synchronization

/// SIGTERM and SIGINT as something to wait for.
///
/// The handler writes a byte to a pipe, which a handler may do (signal-safety(7)), and a thread reads it. Blocking the
/// signals and waiting for them does not work: the main thread of a program with `await` at its top level waits with an
/// empty mask, and the default action takes the process there.
struct TerminationSignals: Sendable {
    private let readEnd: Int32

    /// Catches the signals from now on. Once per process.
    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw SaveError(.internalFailure, "no pipe for signals: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        readEnd = ends[0]
        signalPipe.store(ends[1], ordering: .releasing)
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in
                var byte: UInt8 = 1
                _ = write(signalPipe.load(ordering: .acquiring), &byte, 1)
            }
        }
        // A client that leaves is an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns after the first signal.
    func wait() async {
        let descriptor = readEnd
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                var byte: UInt8 = 0
                while read(descriptor, &byte, 1) < 0, errno == EINTR {}
                continuation.resume()
            }
            thread.name = "signals"
            thread.start()
        }
    }
}

/// Where the handler writes; a handler has nothing but globals.
private let signalPipe = Atomic<Int32>(-1)
