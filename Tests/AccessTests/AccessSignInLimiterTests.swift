import SaveCaching
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

struct AccessSignInLimiterTests {
    private let clock = ManualClock()
    private let here = ClientAddress(bytes: [192, 0, 2, 1]), there = ClientAddress(bytes: [192, 0, 2, 2])

    private func limiter(_ change: (inout SignInLimiter.Rules) -> Void = { _ in }) -> SignInLimiter {
        var rules = SignInLimiter.Rules()
        change(&rules)
        return SignInLimiter(rules: rules, clock: clock.platform)
    }

    private func fail(_ limiter: SignInLimiter, _ name: String, _ client: ClientAddress) throws {
        limiter.end(try limiter.begin(identity: name, from: client), .failed)
    }

    private func wait(_ limiter: SignInLimiter, _ name: String, _ client: ClientAddress) -> Int? {
        do {
            limiter.end(try limiter.begin(identity: name, from: client), .undecided)
            return nil
        } catch let error as SaveError {
            return error.code == .tooManyRequests ? error.details["retry_after"].flatMap { Int($0) } : nil
        } catch {
            return nil
        }
    }

    @Test func `R-57 the fifth failure has to wait, each further one twice as long, up to a limit`() throws {
        let limiter = limiter()
        for _ in 0..<4 { try fail(limiter, "alice", here) }
        #expect(wait(limiter, "alice", here) == nil)
        var waits: [Int] = []
        for _ in 0..<12 {
            try fail(limiter, "alice", here)
            let seconds = try #require(wait(limiter, "alice", here))
            waits.append(seconds)
            clock.advance(seconds: UInt64(seconds))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    }

    @Test func `another name and another address do not wait`() throws {
        let limiter = limiter()
        for _ in 0..<5 { try fail(limiter, "alice", here) }
        #expect(wait(limiter, "alice", here) != nil)
        #expect(wait(limiter, "bob", here) == nil)
        #expect(wait(limiter, "alice", there) == nil)
    }

    @Test func `many names from one address have to wait together, but not long`() throws {
        let limiter = limiter()
        for number in 0..<50 { try fail(limiter, "user\(number)", here) }
        #expect(wait(limiter, "somebody", here) == 1)
        for number in 0..<10 {
            clock.advance(seconds: 5)
            try fail(limiter, "other\(number)", here)
        }
        #expect(wait(limiter, "somebody", here) == 5)
        #expect(wait(limiter, "somebody", there) == nil)
    }

    @Test func `addresses that one host chooses from are one address`() throws {
        let limiter = limiter { $0.perIdentity = 1 }
        let prefix: [UInt8] = [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 1]
        try fail(limiter, "alice", ClientAddress(bytes: prefix + [0, 0, 0, 0, 0, 0, 0, 1]))
        #expect(wait(limiter, "alice", ClientAddress(bytes: prefix + [9, 9, 9, 9, 9, 9, 9, 9])) == 1)
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        try fail(limiter, "bob", ClientAddress(bytes: mapped + [192, 0, 2, 1]))
        #expect(wait(limiter, "bob", here) == 1)
        #expect(wait(limiter, "bob", there) == nil)
    }

    @Test func `success forgets failures, and so does time`() throws {
        let limiter = limiter()
        for _ in 0..<4 { try fail(limiter, "alice", here) }
        limiter.end(try limiter.begin(identity: "alice", from: here), .succeeded)
        for _ in 0..<4 { try fail(limiter, "alice", here) }
        #expect(wait(limiter, "alice", here) == nil)
        clock.advance(seconds: 901)
        for _ in 0..<4 { try fail(limiter, "alice", here) }
        #expect(wait(limiter, "alice", here) == nil)
    }

    @Test func `guesses sent at once do not all pass`() throws {
        let limiter = limiter()
        let tickets = try (0..<5).map { _ in try limiter.begin(identity: "alice", from: here) }
        #expect(wait(limiter, "alice", here) == 1)
        for ticket in tickets { limiter.end(ticket, .failed) }
        #expect(wait(limiter, "alice", here) == 1)
    }

    @Test func `a flood of names takes bounded memory`() {
        var table = RecentTable<Int, Int>(capacity: 100)
        for number in 0..<100_000 { table[number] = number }
        #expect(table.count <= 200)
        #expect(table[99_999] == 99_999)
        #expect(table[0] == nil)
    }

    @Test func `what is used stays in a table that is full`() {
        var table = RecentTable<Int, Int>(capacity: 10)
        table[-1] = 1
        for number in 0..<1_000 {
            table[number] = number
            #expect(table[-1] == 1)
        }
        table[-1] = nil
        #expect(table[-1] == nil)
    }
}
