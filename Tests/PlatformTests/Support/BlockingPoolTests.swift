import SavePlatform
import Synchronization
import Testing

@Suite struct BlockingPoolTests {
    /// Holds threads until it is opened.
    private final class Barrier: Sendable {
        private let isOpen = Atomic(false)
        func wait() { while !isOpen.load(ordering: .acquiring) { _ = Task<Never, Never>.isCancelled } }
        func open() { isOpen.store(true, ordering: .releasing) }
    }

    /// What ran.
    private final class Record: Sendable {
        let order = Mutex("")
        let isHeld = Atomic(false)

        func add(_ text: String) { order.withLock { $0 += text } }
    }

    @Test(.timeLimit(.minutes(1))) func `short work does not wait for the end of any amount of long work`() async throws {
        let pool = BlockingPool(name: "test", threads: 2)
        let barrier = Barrier()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { try await pool.run(lasting: .long) { barrier.wait() } } }
            // With no thread left this would never end.
            for number in 0..<20 { #expect(try await pool.run { number } == number) }
            barrier.open()
            try await group.waitForAll()
        }
        pool.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `short work goes before long work, and long work all the same`() async throws {
        let pool = BlockingPool(name: "test", threads: 1)
        let barrier = Barrier()
        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pool.run {
                    record.isHeld.store(true, ordering: .releasing)
                    barrier.wait()
                }
            }
            while !record.isHeld.load(ordering: .acquiring) { await Task.yield() }
            for _ in 0..<2 { group.addTask { try await pool.run(lasting: .long) { record.add("L") } } }
            for _ in 0..<40 { group.addTask { try await pool.run { record.add("s") } } }
            while pool.waiting < 42 { await Task.yield() }
            barrier.open()
            try await group.waitForAll()
        }
        let found = record.order.withLock { $0 }
        #expect(found.count == 42)
        #expect(found.hasPrefix("ssssssss"))
        // Neither of the long ones had to wait for all of the short ones.
        #expect(found.hasSuffix("s"))
        pool.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a pool that is stopped does first what is queued`() async throws {
        let pool = BlockingPool(name: "test", threads: 3)
        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try await pool.run(lasting: number % 2 == 0 ? .long : .short) { record.add(".") }
                }
            }
            try await group.waitForAll()
        }
        pool.stop()
        #expect(record.order.withLock { $0 }.count == 60)
    }
}
