internal import Glibc
package import SaveHTTP
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// Tells how far a command is: in a line that is rewritten in place on a terminal, in a line every ten seconds elsewhere.
package final class ProgressLine: Sendable {
    package enum Style: Sendable, Equatable {
        /// On a terminal of so many columns.
        case inPlace(columns: Int)
        case everyTenSeconds
        case silent
    }

    /// What the rate counts: bytes where they are read, files where they are only looked at.
    package enum Rate: Sendable {
        case bytes, files
    }

    private struct State {
        /// When the line was written last; the beginning where only every ten seconds something is said.
        var written: UInt64?
        var isShown = false
        /// What is gone through, and since when.
        var phase = MaintenanceProgress.Phase.files
        var begun: UInt64
    }

    private let label: String
    private let style: Style
    private let rate: Rate
    private let clock: PlatformClock
    private let write: @Sendable ([UInt8]) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - label: what is done, such as `verifying`.
    ///   - write: puts bytes on standard error.
    package init(
        _ label: String, style: Style, rate: Rate = .bytes, clock: PlatformClock = .system,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.label = label
        self.style = style
        self.rate = rate
        self.clock = clock
        self.write = write
        let begun = clock.uptime()
        state = Mutex(State(written: style == .everyTenSeconds ? begun : nil, begun: begun))
    }

    /// Writes how far the work is, unless that was written just before.
    package func show(_ progress: MaintenanceProgress) {
        guard style != .silent else { return }
        let now = clock.uptime()
        state.withLock { state in
            if state.phase != progress.phase {
                (state.phase, state.begun) = (progress.phase, now)
                // What begins is shown at once where it takes the place of what was there.
                if style != .everyTenSeconds { state.written = nil }
            }
            let pause: UInt64 = style == .everyTenSeconds ? 10_000_000_000 : 100_000_000
            if let written = state.written, now < written || now - written < pause { return }
            state.written = now
            let line = text(progress, after: now > state.begun ? Double(now - state.begun) / 1e9 : 0)
            guard case .inPlace(let columns) = style else { return write(Array((line + "\n").utf8)) }
            // A line that fills the last column wraps on some terminals, and then it cannot be erased.
            write([0x0D] + line.utf8.prefix(max(0, columns - 1)) + Self.eraseToEnd)
            state.isShown = true
        }
    }

    /// Prints a line on standard output, which may be the same terminal.
    package func report(_ line: String) {
        state.withLock { state in
            erase(&state)
            print(line)
            if case .inPlace = style { fflush(nil) }
        }
    }

    /// Takes the line away. What is printed after it begins in the first column.
    package func end() { state.withLock { erase(&$0) } }

    private func erase(_ state: inout State) {
        guard state.isShown else { return }
        write([0x0D] + Self.eraseToEnd)
        state.isShown = false
    }

    /// ECMA-48, EL: erase in line.
    private static let eraseToEnd = Array("\u{1B}[K".utf8)
}

// MARK: - What the line says

extension ProgressLine {
    private func text(_ progress: MaintenanceProgress, after seconds: Double) -> String {
        switch progress.phase {
        case .files: files(progress, after: seconds)
        case .unknownFiles: count(progress, "looking for unknown files", of: "files", after: seconds)
        case .auditTrail: count(progress, "checking the audit trail", of: "records", after: seconds)
        }
    }

    private func count(_ progress: MaintenanceProgress, _ label: String, of what: String, after seconds: Double) -> String {
        let done = progress.total.map { "\(progress.done) of \($0) \(what)" } ?? "\(progress.done) \(what)"
        guard seconds >= 1 else { return "\(label): \(done)" }
        return "\(label): \(done), \(Int64(Double(progress.done) / seconds)) \(what)/s"
    }

    private func files(_ progress: MaintenanceProgress, after seconds: Double) -> String {
        let files = progress.totalBlobs.map { "\(progress.blobs) of \($0) files" } ?? "\(progress.blobs) files"
        let bytes = Self.size(Double(progress.bytes))
        var parts = ["\(label): \(files)", progress.totalBytes.map { "\(bytes) of \(Self.size(Double($0)))" } ?? bytes]
        // What the first moments say of the rate is chance.
        guard seconds >= 1 else { return parts.joined(separator: ", ") }
        switch rate {
        case .bytes: parts.append("\(Self.size(Double(progress.bytes) / seconds))/s")
        case .files: parts.append("\(Int64(Double(progress.blobs) / seconds)) files/s")
        }
        if let left = Self.secondsLeft(progress, after: seconds) { parts.append("\(Self.duration(left)) left") }
        return parts.joined(separator: ", ")
    }

    /// As long as the rest takes at the rate so far; nil where that cannot be said.
    private static func secondsLeft(_ progress: MaintenanceProgress, after seconds: Double) -> Double? {
        let isSized = (progress.totalBytes ?? 0) > 0
        let (done, total) = isSized ? (progress.bytes, progress.totalBytes) : (progress.blobs, progress.totalBlobs)
        guard let total, done > 0, done < total else { return nil }
        return seconds * Double(total - done) / Double(done)
    }

    private static func size(_ bytes: Double) -> String {
        var (rest, units) = (bytes, ["KiB", "MiB", "GiB", "TiB"][...])
        guard rest >= 1024 else { return "\(Int64(rest)) B" }
        rest /= 1024
        while rest >= 1024, units.count > 1 {
            rest /= 1024
            units.removeFirst()
        }
        let tenths = Int64(rest * 10)
        return "\(tenths / 10).\(tenths % 10) \(units.first ?? "")"
    }

    private static func duration(_ seconds: Double) -> String {
        let seconds = Int64(min(seconds, 1e9).rounded(.up))
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
}

// MARK: - Standard error

extension ProgressLine {
    /// The line of a command, as its options and its standard error want it.
    static func standardError(
        _ label: String, rate: Rate = .bytes, _ arguments: Arguments, _ environment: [String: String]
    ) -> ProgressLine {
        let style: Style
        if arguments.flags.contains("--quiet") {
            style = .silent
        } else if isatty(2) == 1, environment["TERM"] != "dumb" {
            style = .inPlace(columns: columns())
        } else {
            style = .everyTenSeconds
        }
        return ProgressLine(label, style: style, rate: rate) { Log.write($0, to: 2) }
    }

    /// How wide the terminal is; 80 where it does not say.
    private static func columns() -> Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
