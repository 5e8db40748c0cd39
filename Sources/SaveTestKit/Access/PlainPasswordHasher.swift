internal import SaveAccess
internal import SaveDigest
internal import SavePlatform
internal import Synchronization

/// A hasher that costs nothing and counts what it is asked, for tests.
package final class PlainPasswordHasher: PasswordHashing {
    private struct State {
        var checks = 0
        var dummyChecks = 0
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>]?
        var salt = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many passwords were checked, and how many of those against no hash.
    package var checks: Int { state.withLock { $0.checks } }
    package var dummyChecks: Int { state.withLock { $0.dummyChecks } }

    /// From now on every check waits until `release`.
    package func hold() { state.withLock { $0.waiting = $0.waiting ?? [] } }

    /// Lets waiting checks go on.
    package func release() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// From now on every check is refused.
    package func refuse() { state.withLock { $0.isBusy = true } }

    package func hash(_ password: [UInt8]) async throws -> String {
        let salt = state.withLock { state in
            state.salt += 1
            return state.salt
        }
        return "\(salt):" + Hex.encode(password)
    }

    package func verify(_ password: [UInt8], against encoded: String?) async throws -> Bool {
        try state.withLock { state in
            if state.isBusy { throw SaveError(.busy, "busy") }
            state.checks += 1
            if encoded == nil { state.dummyChecks += 1 }
        }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                guard state.waiting != nil else { return true }
                state.waiting?.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        guard let encoded, let colon = encoded.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return encoded[encoded.utf8.index(after: colon)...] == Hex.encode(password)
    }
}
