internal import SavePlatform
internal import Glibc
internal import Synchronization

/// The structured log: a line for each message, written by a thread of its own so that no request waits for a disk.
///
/// The queue is bounded. When its reader is slower than the server, lines are dropped and counted, never the service.
package final class Log: Sendable {
    /// How much a line matters.
    package enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, notice, warning, error
        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
        package var name: String { String(describing: self) }
        package init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }
    }

    /// Writes finished bytes somewhere. Called from one thread.
    package typealias Sink = @Sendable ([UInt8]) -> Void

    private struct State {
        var pending: [UInt8] = []
        /// The buffer that was written last, kept for its memory: growing a new one ten times a second is felt.
        var spare: [UInt8] = []
        var dropped = 0
        var isClosed = false
        /// By message, when a line of it was last added that is added once a minute, and how many were left out since.
        var sparse: [String: (since: UInt64, leftOut: Int)] = [:]
    }

    private let level: Level
    package let format: LogFormat
    private let clock: PlatformClock
    private let sink: Sink
    private let state = Mutex(State())
    /// One thread at a time takes lines and writes them: they keep their order, and closing waits for the last.
    private let turn = Mutex(())
    private static let capacity = 4 << 20
    /// Larger buffers are given back.
    private static let keptCapacity = 2 << 20

    /// A log that writes lines of at least `level` to `sink` every tenth of a second.
    package init(
        level: Level = .info, format: LogFormat = .json, clock: PlatformClock = .system, sink: @escaping Sink
    ) {
        self.level = level
        self.format = format
        self.clock = clock
        self.sink = sink
        NamedThread.start("log") { [weak self] in
            while let self, self.flush() { usleep(100_000) }
        }
    }

    /// A log for tests and tools that want no lines.
    package static func silent() -> Log { Log(level: .error, sink: { _ in }) }

    /// Lines to standard error.
    package static func standardError(level: Level = .info, format: LogFormat = .json) -> Log {
        Log(level: level, format: format) { bytes in Log.write(bytes, to: 2) }
    }

    /// Writes a whole buffer to a file descriptor; what cannot be written is dropped.
    ///
    /// - Returns: whether all of it was written; `errno` says why not.
    @discardableResult
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, start, rest.count)
                if count < 0 && errno == EINTR { continue }
                // Nothing written is a failure that says nothing of itself.
                if count == 0 { errno = EIO }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Adds a line. `message` is a fixed text; what varies goes into `fields`, of which secrets in URLs are left out.
    package func callAsFunction(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        guard level >= self.level else { return }
        add(level, message, fields.map { ($0.key, $0.value) })
    }

    private func add(_ level: Level, _ message: String, _ fields: [(String, String)]) {
        append(format.line(level, message, fields, at: clock.now()))
    }

    /// Adds a line unless one of the same message was added within the last minute: for what every request would say again, such
    /// as that the disk is full. The next line that is added says how many were left out.
    package func sparsely(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        guard level >= self.level else { return }
        let now = clock.uptime()
        let leftOut = state.withLock { state -> Int? in
            if let last = state.sparse[message], now &- last.since < 60_000_000_000 {
                state.sparse[message]?.leftOut += 1
                return nil
            }
            defer { state.sparse[message] = (now, 0) }
            return state.sparse[message]?.leftOut ?? 0
        }
        guard let leftOut else { return }
        add(level, message, fields.map { ($0.key, $0.value) } + (leftOut > 0 ? [("left_out", String(leftOut))] : []))
    }

    /// Adds a finished line, with its line end.
    package func append(_ line: [UInt8]) { append(atMost: line.count) { $0.append(contentsOf: line) } }

    /// Adds a line that is written where it is kept: a buffer of its own costs every request an allocation and a copy.
    ///
    /// - Parameters:
    ///   - count: bytes that the line has at most, or about.
    ///   - write: appends the line with its line end. Other lines wait meanwhile.
    package func append(atMost count: Int, _ write: (inout [UInt8]) -> Void) {
        state.withLock { state in
            if state.pending.count + count > Self.capacity {
                state.dropped += 1
            } else {
                write(&state.pending)
            }
        }
    }

    /// Writes what is pending; false once the log is closed and empty.
    @discardableResult
    package func flush() -> Bool { turn.withLock { _ in flushInTurn() } }

    private func flushInTurn() -> Bool {
        var bytes: [UInt8] = []
        let (dropped, isClosed) = state.withLock { state in
            swap(&bytes, &state.pending)
            swap(&state.pending, &state.spare)
            defer { state.dropped = 0 }
            return (state.dropped, state.isClosed)
        }
        if !bytes.isEmpty { sink(bytes) }
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
        state.withLock { $0.spare = bytes }
        if dropped > 0 { sink(format.dropped(dropped, at: clock.now())) }
        return !isClosed
    }

    /// Writes what is pending and ends the writer.
    package func close() {
        state.withLock { $0.isClosed = true }
        flush()
    }
}
