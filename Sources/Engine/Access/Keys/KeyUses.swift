package import SaveHTTP
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// When each key was last used, and from where, to the minute.
///
/// A request pays for one look-up in memory. What changed is written from time to time, all keys in one transaction, so
/// that a key costs one write a minute however often it is used. A crash loses what was noted since the last time.
package final class KeyUses: Sendable {
    private struct State {
        var uses: [String: KeyUse] = [:]
        var unsaved: Set<String> = []
    }

    /// A use so soon after the one that was noted last tells nobody anything new.
    private static let grain: Int64 = 60_000_000
    private let state = Mutex(State())
    private let store: any MetadataStore
    private let clock: PlatformClock
    private let log: Log

    package init(store: any MetadataStore, clock: PlatformClock, log: Log) {
        self.store = store
        self.clock = clock
        self.log = log
    }

    /// Reads what was known when the server last ran.
    package func load() async throws {
        let known = try await store.read { try $0.keyUses() }
        state.withLock { state in
            for use in known where state.uses[use.key] == nil { state.uses[use.key] = use }
        }
    }

    /// The last use of a key, as far as it was noted.
    package subscript(key: String) -> KeyUse? { state.withLock { $0.uses[key] } }

    /// Notes that a key was used now.
    func note(_ key: String, from client: ClientAddress) {
        let now = clock.now()
        state.withLock { state in
            if let known = state.uses[key], now >= known.time, now.microseconds - known.time.microseconds < Self.grain { return }
            state.uses[key] = KeyUse(key: key, time: now, address: client.description)
            state.unsaved.insert(key)
        }
    }

    /// Writes what was noted since the last time. What cannot be written now is tried again the next time.
    package func save() async {
        let uses = state.withLock { state in
            defer { state.unsaved = [] }
            return state.unsaved.sorted().compactMap { state.uses[$0] }
        }
        guard !uses.isEmpty else { return }
        do {
            let gone = try await store.write { writing in try uses.filter { try !writing.put($0) }.map(\.key) }
            state.withLock { state in
                for key in gone { state.uses[key] = nil }
            }
        } catch {
            log(.error, "the last uses of keys could not be written", ["error": "\(error)", "keys": String(uses.count)])
            state.withLock { $0.unsaved.formUnion(uses.map(\.key)) }
        }
    }

    /// Saves every `interval` until the task is cancelled, and once more then.
    package func keepSaved(every interval: Duration = .seconds(10)) async {
        while (try? await Task.sleep(for: interval)) != nil { await save() }
        await save()
    }
}
