import SaveHTTP
import SavePlatform
import SaveServer
import SaveStorage
import Synchronization
import Testing

@Suite struct ProgressLineTests {
    /// A line whose time stands still until it is told to go on.
    private final class Work: Sendable {
        private let now = Mutex<UInt64>(5_000_000_000)
        private let output = Mutex("")

        func line(_ style: ProgressLine.Style, rate: ProgressLine.Rate = .bytes) -> ProgressLine {
            let clock = PlatformClock(now: PlatformClock.system.now, uptime: { self.now.withLock { $0 } })
            return ProgressLine("reading", style: style, rate: rate, clock: clock) { bytes in
                self.output.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            }
        }

        func pass(milliseconds: UInt64) { now.withLock { $0 += milliseconds * 1_000_000 } }

        /// What was written since this was asked last.
        func written() -> String {
            output.withLock { text in
                defer { text = "" }; return text
            }
        }
    }

    private func progress(_ blobs: Int64, _ bytes: Int64, of totalBlobs: Int64? = nil, _ totalBytes: Int64? = nil)
        -> MaintenanceProgress
    {
        MaintenanceProgress(blobs: blobs, bytes: bytes, totalBlobs: totalBlobs, totalBytes: totalBytes)
    }

    @Test func `rate and time left are those of the work so far`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 200))
        work.pass(milliseconds: 4000)
        line.show(progress(2, 8 << 20, of: 10, 1 << 30))
        #expect(work.written() == "\rreading: 2 of 10 files, 8.0 MiB of 1.0 GiB, 2.0 MiB/s, 8 min 28 s left\u{1B}[K")
        work.pass(milliseconds: 1000)
        line.show(progress(10, 1 << 30, of: 10, 1 << 30))
        #expect(work.written() == "\rreading: 10 of 10 files, 1.0 GiB of 1.0 GiB, 204.8 MiB/s\u{1B}[K")
    }

    @Test func `what has no end to compare with has no time left, and looking at files is counted in files`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 200), rate: .files)
        work.pass(milliseconds: 2000)
        line.show(progress(600, 1000))
        #expect(work.written() == "\rreading: 600 files, 1000 B, 300 files/s\u{1B}[K")
    }

    @Test func `what comes after the files is counted and timed by itself, and shown as soon as it begins`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 200))
        work.pass(milliseconds: 60_000)
        let files = progress(10, 1 << 30, of: 10, 1 << 30)
        line.show(files)
        _ = work.written()
        line.show(files.entering(.unknownFiles))
        #expect(work.written() == "\rlooking for unknown files: 0 files\u{1B}[K")
        work.pass(milliseconds: 2000)
        line.show(files.entering(.unknownFiles, done: 600))
        #expect(work.written() == "\rlooking for unknown files: 600 files, 300 files/s\u{1B}[K")
        line.show(files.entering(.auditTrail, done: 0, of: 5000))
        #expect(work.written() == "\rchecking the audit trail: 0 of 5000 records\u{1B}[K")
        work.pass(milliseconds: 1000)
        line.show(files.entering(.auditTrail, done: 1000, of: 5000))
        #expect(work.written() == "\rchecking the audit trail: 1000 of 5000 records, 1000 records/s\u{1B}[K")
    }

    @Test func `files without bytes are timed by their number`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 200), rate: .files)
        work.pass(milliseconds: 2000)
        line.show(progress(1, 0, of: 4, 0))
        #expect(work.written().contains("6 s left"))
    }

    @Test func `a terminal is written to at most ten times a second, and never in its last column`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 12))
        for number in 0..<1000 {
            line.show(progress(Int64(number), 0))
            work.pass(milliseconds: 1)
        }
        let written = work.written()
        #expect(written.split(separator: "\r").count == 10)
        #expect(written.hasPrefix("\rreading: 0 \u{1B}[K"))
    }

    @Test func `the line is taken away once, at the end or before a line is printed`() {
        let work = Work()
        let line = work.line(.inPlace(columns: 80))
        line.end()
        #expect(work.written() == "")
        line.show(progress(1, 1))
        _ = work.written()
        line.end()
        line.end()
        #expect(work.written() == "\r\u{1B}[K")
    }

    @Test func `where there is no terminal a line comes every ten seconds, and none before`() {
        let work = Work()
        let line = work.line(.everyTenSeconds)
        for second in 0..<35 {
            line.show(progress(Int64(second), 0, of: 100))
            work.pass(milliseconds: 1000)
        }
        line.end()
        let lines = work.written().split(separator: "\n")
        #expect(lines.map { $0.prefix(20) } == ["reading: 10 of 100 f", "reading: 20 of 100 f", "reading: 30 of 100 f"])
        #expect(lines.allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\r") })
    }

    @Test func `a silent line writes nothing`() {
        let work = Work()
        let line = work.line(.silent)
        for _ in 0..<3 {
            work.pass(milliseconds: 60_000)
            line.show(progress(1, 1))
        }
        line.end()
        #expect(work.written() == "")
    }
}
