internal import SavePlatform
internal import Synchronization

/// A search reads the names of many packages: so many run at a time in the whole server.
final class SearchTurns: Sendable {
    static let atOnce = 2
    private let running = Mutex(0)

    /// - Throws: `busy` where all turns are taken.
    func take<Result: Sendable>(_ search: () async throws -> Result) async throws -> Result {
        let isTaken = running.withLock { running in
            guard running < Self.atOnce else { return false }
            running += 1
            return true
        }
        guard isTaken else {
            throw SaveError(.busy, "others search at the moment: ask again in a second", details: ["retry_after": "1"])
        }
        defer { running.withLock { $0 -= 1 } }
        return try await search()
    }
}
