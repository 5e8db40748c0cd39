internal import CArgon2
internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveDigest
internal import SavePlatform
internal import Synchronization

/// Passwords hashed with argon2id (RFC 9106) through libargon2.
///
/// Each hash takes 19 MiB and tens of milliseconds, so a flood of sign-ins must not take the machine: half of the cores at
/// most compute them, on threads that give way to all others; a bounded number wait, and more are refused; and a thread
/// rests after a wrong password for as long as that took, so that guesses get a quarter of the machine at most.
package struct Argon2PasswordHasher: PasswordHashing {
    // OWASP Password Storage Cheat Sheet: "Use Argon2id with a minimum configuration of 19 MiB of memory, an iteration
    // count of 2, and 1 degree of parallelism."
    private static let iterations: UInt32 = 2
    private static let kibibytes: UInt32 = 19_456
    private static let lanes: UInt32 = 1
    private static let saltLength = 16
    private static let hashLength = 32

    /// A thread that was kept from its work does not make guessers wait for that, too.
    private static let maxRest = Duration.milliseconds(500)

    /// The longest password, in bytes.
    package static let maxPasswordBytes = 1024

    /// A hash of no password, with the parameters of real ones: checking against it costs what checking a real one does.
    private static let dummy =
        "$argon2id$v=19$m=\(kibibytes),t=\(iterations),p=\(lanes)$"
        + String(repeating: "A", count: 22) + "$" + String(repeating: "A", count: 43)

    private let pool: BlockingPool
    private let gate: Gate
    private let rest: @Sendable (Duration) -> Void

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - running: how many hashes are computed at once.
    ///   - waiting: how many more may wait before `busy` is thrown.
    ///   - rest: how a thread rests after a wrong password.
    package init(
        running: Int = max(1, ProcessInfo.processInfo.activeProcessorCount / 2), waiting: Int = 16,
        rest: @escaping @Sendable (Duration) -> Void = { NamedThread.sleep($0) }
    ) {
        pool = BlockingPool(name: "argon2", threads: running, niceness: 10)
        gate = Gate(places: max(1, running) + max(0, waiting))
        self.rest = rest
    }

    package func hash(_ password: [UInt8]) async throws -> String {
        guard !password.isEmpty, password.count <= Self.maxPasswordBytes else {
            throw SaveError.invalid("password", "a password has 1 to \(Self.maxPasswordBytes) bytes")
        }
        try gate.enter()
        defer { gate.leave() }
        return try await pool.run { try Self.encode(password) }
    }

    package func verify(_ password: [UInt8], against encoded: String?) async throws -> Bool {
        // A password that no account can have is wrong without being tried.
        guard !password.isEmpty, password.count <= Self.maxPasswordBytes else { return false }
        try gate.enter()
        defer { gate.leave() }
        return try await pool.run { [rest] in
            let start = ContinuousClock.now
            let result = argon2id_verify(encoded ?? Self.dummy, password, password.count)
            if result == ARGON2_MEMORY_ALLOCATION_ERROR.rawValue {
                throw SaveError(.busy, "the server is short of memory; try again")
            }
            let isRight = result == ARGON2_OK.rawValue && encoded != nil
            if !isRight { rest(min(ContinuousClock.now - start, Self.maxRest)) }
            return isRight
        }
    }

    private static func encode(_ password: [UInt8]) throws -> String {
        let salt = try Secrets.random(saltLength)
        let length = argon2_encodedlen(iterations, kibibytes, lanes, UInt32(saltLength), UInt32(hashLength), Argon2_id)
        var text = [CChar](repeating: 0, count: length)
        let result = argon2id_hash_encoded(
            iterations, kibibytes, lanes, password, password.count, salt, salt.count, hashLength, &text, text.count)
        guard result == ARGON2_OK.rawValue else {
            throw SaveError(.busy, "the password cannot be hashed now; try again")
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Counts who is inside and refuses who does not fit.
private final class Gate: Sendable {
    private let places: Int
    private let inside = Mutex(0)

    init(places: Int) { self.places = places }

    func enter() throws {
        try inside.withLock { inside in
            guard inside < places else {
                throw SaveError(.busy, "too many sign-ins at once; try again", details: ["retry_after": "1"])
            }
            inside += 1
        }
    }

    func leave() { inside.withLock { $0 -= 1 } }
}
