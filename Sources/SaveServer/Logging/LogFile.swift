internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// A file that lines are added to: opened again when somebody has moved it away, and moved aside when it gets too long.
package final class LogFile: Sendable {
    /// When a file is moved aside, and how many of those are kept: `access.log.1` is the youngest.
    package struct Rotation: Sendable {
        /// Bytes.
        package var size: Int64
        package var kept: Int

        package init(size: Int64, kept: Int) {
            self.size = size
            self.kept = kept
        }
    }

    private struct State {
        var descriptor: Int32
        /// Bytes in the file; nil for what is no plain file and has no size, such as a pipe.
        var size: Int64?
    }

    private let path: String
    private let rotation: Rotation?
    private let state: Mutex<State>

    /// Opens the file for adding to it, and creates it where it is missing. Blocks.
    ///
    /// - Parameter rotation: nil to let the file grow.
    /// - Throws: `storageUnavailable`, naming the file.
    package init(_ path: String, rotation: Rotation?) throws {
        self.path = path
        self.rotation = rotation
        state = Mutex(try Self.open(path))
    }

    deinit { close(state.withLock { $0.descriptor }) }

    /// Adds whole lines. What cannot be written is dropped.
    package func write(_ lines: [UInt8]) {
        state.withLock { state in
            if let rotation, let size = state.size, size > 0, size + Int64(lines.count) > rotation.size {
                rotate(&state, keeping: rotation.kept)
            }
            Log.write(lines, to: state.descriptor)
            state.size = state.size.map { $0 + Int64(lines.count) }
        }
    }

    /// Goes on in a file of the same name: the one that is there, or a new one. Blocks.
    ///
    /// - Throws: `storageUnavailable` where it cannot be opened; lines go on into the old one then.
    package func reopen() throws {
        try state.withLock { try reopen(&$0) }
    }

    private func reopen(_ state: inout State) throws {
        let fresh = try Self.open(path)
        close(state.descriptor)
        state = fresh
    }

    private func rotate(_ state: inout State, keeping count: Int) {
        for number in stride(from: count - 1, to: 0, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
        // A file that cannot be moved goes on growing: lines that are too many are better than lines that are lost.
        guard rename(path, "\(path).1") == 0 else { return }
        try? reopen(&state)
    }

    private static func open(_ path: String) throws -> State {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw SaveError(.storageUnavailable, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        var facts = stat()
        let isPlain = fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        return State(descriptor: descriptor, size: isPlain ? Int64(facts.st_size) : nil)
    }
}
