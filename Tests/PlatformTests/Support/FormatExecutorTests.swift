import SaveAccess
import SaveHTTP
import SavePlatform
import Synchronization
import Testing

/// Code that never comes back, as far as its callers can wait: until the test lets it go.
private final class Loop: Sendable {
    private let isReleased = Atomic<Bool>(false)
    private let entered = Atomic<Int>(0)

    func run() {
        entered.wrappingAdd(1, ordering: .relaxed)
        while !isReleased.load(ordering: .relaxed) {}
    }

    func release() { isReleased.store(true, ordering: .relaxed) }
    var count: Int { entered.load(ordering: .relaxed) }
}

@Suite struct FormatExecutorTests {
    private func supervised(_ change: (inout SupervisionRules) -> Void = { _ in }) -> IsolatedFormat<Int> {
        var rules = SupervisionRules()
        rules.deadline = .milliseconds(50)
        rules.width = 2
        rules.tolerated = 3
        change(&rules)
        return IsolatedFormat(7, loadedAs: "f", rules: rules)
    }

    private func code(_ body: () async throws -> Void) async -> SaveError.Code? {
        do { try await body() } catch { return (error as? SaveError)?.code }
        return nil
    }

    private func expect(_ expected: SaveError.Code, _ body: () async throws -> Void) async {
        let found = await code(body)
        #expect(found == expected)
    }

    @Test func `a call that began after the clock was read is not late`() {
        var rules = SupervisionRules()
        rules.deadline = .nanoseconds(100)
        #expect(!rules.isOver(1001, at: 1000) && !rules.isOver(1000, at: 1000) && !rules.isOver(900, at: 999))
        #expect(rules.isOver(900, at: 1000))
    }

    @Test func `a call gets its answer, or what it throws`() async throws {
        let seven = supervised()
        #expect(try await seven.ask { $0 + 1 } == 8)
        await expect(.blocked) { _ = try await seven.ask { _ in throw SaveError(.blocked, "no") } }
        let waiting = try await seven.perform { number in
            await Task.yield()
            return number
        }
        #expect(waiting == 7)
    }

    @Test func `a call that does not come back ends at the deadline, and others are answered meanwhile`() async throws {
        let seven = supervised()
        let loop = Loop()
        async let stuck: Void = expect(.formatTimeout) { try await seven.ask { _ in loop.run() } }
        while loop.count == 0 { await Task.yield() }
        #expect(try await seven.ask { $0 } == 7)
        await stuck
        loop.release()
    }

    @Test func `code that waits is timed between its waits only`() async throws {
        let seven = supervised()
        let (stream, more) = AsyncStream<Int>.makeStream()
        async let slow = seven.perform { seven in
            var sum = seven
            for await number in stream { sum += number }
            return sum
        }
        let loop = Loop()
        // Three deadlines pass before the body has come.
        for _ in 0..<2 { await expect(.formatTimeout) { try await seven.ask { _ in loop.run() } } }
        more.yield(1)
        more.finish()
        let sum = try await slow
        #expect(sum == 8)
        await expect(.formatTimeout) {
            try await seven.perform { _ in
                await Task.yield()
                loop.run()
            }
        }
        loop.release()
    }

    @Test func `too many calls that do not come back put the format out of service, until one does`() async throws {
        let log = Mutex("")
        let seven = supervised {
            $0.log = Log(clock: .system) { lines in log.withLock { $0 += String(decoding: lines, as: UTF8.self) } }
        }
        let loops = [Loop(), Loop(), Loop()]
        for loop in loops { await expect(.formatTimeout) { try await seven.ask { _ in loop.run() } } }
        let refused = await #expect(throws: SaveError.self) { try await seven.ask { $0 } }
        #expect(refused?.code == .busy)
        #expect(refused?.message == "the format 'f' is out of service: 3 of its calls never came back; restart the server")
        await expect(.busy) { _ = try await seven.perform { $0 } }
        loops[0].release()
        while await code({ _ = try await seven.ask { $0 } }) != nil { await Task.yield() }
        #expect(try await seven.perform { $0 } == 7)
        loops.forEach { $0.release() }
        // Lines are written in the background.
        while !log.withLock({ $0.contains("in service again") }) { await Task.yield() }
        let said = log.withLock { $0 }
        #expect(said.ranges(of: "does not come back").count == 3)
        #expect(said.ranges(of: "out of service").count == 1)
        #expect(said.ranges(of: "in service again").count == 1)
    }

    @Test func `what waits for threads that are stuck is answered in the end`() async throws {
        let seven = supervised()
        let loop = Loop()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { await expect(.formatTimeout) { try await seven.ask { _ in loop.run() } } } }
            while loop.count < 2 { await Task.yield() }
            for _ in 0..<10 {
                group.addTask {
                    let answer = try await seven.ask { $0 }
                    #expect(answer == 7)
                }
            }
            try await group.waitForAll()
        }
        loop.release()
    }
}
