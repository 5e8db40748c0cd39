import SaveArgon2
import SavePlatform
import Synchronization
import Testing

@Suite(.serialized) struct Argon2PasswordHasherTests {
    private let hasher = Argon2PasswordHasher()

    @Test func `a hash has the parameters of today and a salt of its own`() async throws {
        let first = try await hasher.hash(Array("correct horse".utf8))
        let second = try await hasher.hash(Array("correct horse".utf8))
        #expect(first.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(first != second)
        #expect(try await hasher.verify(Array("correct horse".utf8), against: first))
        #expect(try await hasher.verify(Array("correct horse".utf8), against: second))
        #expect(try await !hasher.verify(Array("correct hors".utf8), against: first))
    }

    @Test func `every byte of a password counts`() async throws {
        let long = [UInt8](repeating: 0x61, count: 1024)
        let hash = try await hasher.hash(long)
        #expect(try await hasher.verify(long, against: hash))
        #expect(try await !hasher.verify(long.dropLast() + [0x62], against: hash))
        #expect(try await !hasher.verify(Array(long.dropLast()), against: hash))
        let zero: [UInt8] = [0x61, 0, 0x62]
        let hashed = try await hasher.hash(zero)
        #expect(try await hasher.verify(zero, against: hashed))
        #expect(try await !hasher.verify([0x61, 0, 0x63], against: hashed))
        #expect(try await !hasher.verify([0x61], against: hashed))
    }

    @Test func `a password of no byte, or of too many, is refused`() async throws {
        for password in [[], [UInt8](repeating: 1, count: 1025)] {
            let error = await #expect(throws: SaveError.self) { try await hasher.hash(password) }
            #expect(error?.details["field"] == "password")
            #expect(try await !hasher.verify(password, against: nil))
        }
    }

    @Test func `what is no hash matches nothing`() async throws {
        for encoded in ["", "$argon2id$", "plain", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA"] {
            #expect(try await !hasher.verify(Array("x".utf8), against: encoded))
        }
    }

    @Test func `nobody costs what somebody costs`() async throws {
        // What a thread took for a wrong password is what it rests for; who asks waits for other things as well.
        let taken = Mutex<[Duration]>([])
        let hasher = Argon2PasswordHasher(running: 1) { rest in taken.withLock { $0.append(rest) } }
        let hash = try await hasher.hash(Array("correct horse".utf8))
        func time(_ encoded: String?) async throws -> Duration {
            #expect(try await !hasher.verify(Array("wrong".utf8), against: encoded))
            return try #require(taken.withLock { $0.popLast() })
        }
        // Turn by turn, and the fastest of each: what else the machine does at the time slows both alike.
        var known: Duration = .seconds(60), unknown = known
        var isSame: Bool { unknown > known / 2 && unknown < known * 2 }
        var rounds = 0
        while rounds < 8 || rounds < 64 && !isSame {
            known = min(known, try await time(hash))
            unknown = min(unknown, try await time(nil))
            rounds += 1
        }
        #expect(isSame)
        #expect(unknown > .milliseconds(5))
    }

    @Test func `G28 a thread rests after a wrong password as long as that took, and not after a right one`() async throws {
        let rests = Mutex<[Duration]>([])
        let hasher = Argon2PasswordHasher(running: 1) { rest in rests.withLock { $0.append(rest) } }
        let hash = try await hasher.hash(Array("correct horse".utf8))
        #expect(try await hasher.verify(Array("correct horse".utf8), against: hash))
        #expect(rests.withLock { $0.isEmpty })
        let took = try await ContinuousClock().measure { _ = try await hasher.verify(Array("wrong".utf8), against: hash) }
        _ = try await hasher.verify(Array("wrong".utf8), against: nil)
        let rested = rests.withLock { $0 }
        #expect(rested.count == 2)
        #expect(rested.allSatisfy { $0 > .milliseconds(5) && $0 <= .milliseconds(500) })
        #expect(try #require(rested.first) <= took)
    }

    @Test func `a flood is refused, not queued without end`() async throws {
        let small = Argon2PasswordHasher(running: 1, waiting: 2)
        let results = await withTaskGroup(of: SaveError.Code?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        _ = try await small.verify(Array("x".utf8), against: nil)
                        return nil
                    } catch {
                        return (error as? SaveError)?.code
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0 == nil } >= 3)
        #expect(results.contains(.busy))
        #expect(try await !small.verify(Array("x".utf8), against: nil))
    }
}
