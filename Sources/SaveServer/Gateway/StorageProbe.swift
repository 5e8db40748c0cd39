internal import Foundation
package import SavePlatform
internal import Synchronization

/// Whether the data directory is still the one that the server opened, and still takes writes.
///
/// A server goes on with the files that it holds open when its directory is moved away or its disk is taken out, and what it
/// acknowledges then is found by nobody. So it looks whether the lock that it holds is still under its name, and writes to it.
package final class StorageProbe: Sendable {
    private struct State {
        var problem: String?
        var looked: ContinuousClock.Instant?
        /// Since when a look runs that has not come back.
        var begun: ContinuousClock.Instant?
        var waiting: [CheckedContinuation<String?, Never>] = []
    }

    /// A look that was made is good for so long.
    private static let freshness = Duration.seconds(1)
    /// A disk that takes longer is not in order.
    private let patience: Duration
    private let path: String
    private let device: UInt64
    private let inode: UInt64
    private let beforeWrite: @Sendable () throws -> Void
    private let pool = BlockingPool(name: "probe", threads: 1)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: the lock file in the data directory, by the path that the operator named.
    ///   - patience: after which a write that does not end counts as failed.
    ///   - beforeWrite: called before each write, for tests: what it throws fails the write.
    /// - Throws: `storageUnavailable` when the file is not there.
    package init(
        lock path: String, patience: Duration = .seconds(5), beforeWrite: @escaping @Sendable () throws -> Void = {}
    ) throws {
        self.path = path
        self.patience = patience
        self.beforeWrite = beforeWrite
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw PathFailure.error("the file", path, "cannot be looked at", errno) }
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
    }

    package func stop() { pool.stop() }

    /// Whether the directory is in its place; microseconds on a local disk.
    package var isInPlace: Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && UInt64(facts.st_dev) == device && UInt64(facts.st_ino) == inode
    }

    /// What is wrong with the directory; nil where it is in order. The answer is a second old at most, and comes within `patience`
    /// also when the disk does not answer.
    package func problem() async -> String? {
        let now = ContinuousClock.now
        enum Step { case known(String?), wait(starts: Bool) }
        return await withCheckedContinuation { continuation in
            let step = state.withLock { state -> Step in
                if let begun = state.begun, now - begun > patience { return .known(slow) }
                if state.begun == nil, let looked = state.looked, now - looked < Self.freshness { return .known(state.problem) }
                state.waiting.append(continuation)
                defer { state.begun = state.begun ?? now }
                return .wait(starts: state.begun == nil)
            }
            switch step {
            case .known(let problem): continuation.resume(returning: problem)
            case .wait(let starts):
                guard starts else { return }
                Task { [self] in
                    let problem = try? await pool.run { [self] in look() }
                    finish(problem ?? nil)
                }
                Task { [self] in
                    try? await Task.sleep(for: patience + .milliseconds(1))
                    giveUp(begun: now)
                }
            }
        }
    }

    private var slow: String { "the data directory does not answer" }

    private func finish(_ problem: String?) {
        let waiting = state.withLock { state in
            state.problem = problem
            state.looked = .now
            state.begun = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume(returning: problem) }
    }

    private func giveUp(begun: ContinuousClock.Instant) {
        let waiting = state.withLock { state in
            guard state.begun == begun else { return [CheckedContinuation<String?, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume(returning: slow) }
    }

    /// Writes what is in the lock file already, so that nothing changes and no space is needed.
    private func look() -> String? {
        guard isInPlace else { return "the data directory is not where it was: it was moved, or its disk is not mounted" }
        let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return failure(errno) }
        defer { close(descriptor) }
        do { try beforeWrite() } catch { return failure(EIO) }
        let line = Array("\(getpid())\n".utf8)
        guard pwrite(descriptor, line, line.count, 0) == line.count, fdatasync(descriptor) == 0 else { return failure(errno) }
        return nil
    }

    private func failure(_ code: Int32) -> String? {
        // A full disk is no reason to send readers elsewhere: what is on it is served, and uploads are told why they are refused.
        if code == ENOSPC || code == EDQUOT { return nil }
        return "the data directory cannot be written: \(String(cString: strerror(code)))"
    }
}
