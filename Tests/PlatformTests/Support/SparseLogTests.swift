import SaveHTTP
import SavePlatform
import Synchronization
import Testing

@Suite struct SparseLogTests {
    @Test func `what every request would say again is said once a minute, with how many were left out`() {
        let now = Mutex<UInt64>(1)
        let clock = PlatformClock(now: PlatformClock.system.now, uptime: { now.withLock { $0 } })
        let written = Mutex("")
        let log = Log(clock: clock) { bytes in written.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        for _ in 0..<1000 { log.sparsely(.error, "the disk is full", ["error": "x"]) }
        log.sparsely(.error, "another message")
        now.withLock { $0 += 60_000_000_000 }
        for _ in 0..<1000 { log.sparsely(.error, "the disk is full", ["error": "x"]) }
        log.close()
        let lines = written.withLock { $0 }.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.filter { $0.contains("the disk is full") }.map { $0.contains("\"left_out\":\"999\"") } == [false, true])
    }
}
