internal import SaveAccess
internal import SavePlatform
internal import Synchronization

/// The fills that are under way: one for each file, however many clients ask.
package final class FillRegistry: Sendable {
    struct Key: Hashable, Sendable {
        let upstream: UpstreamID
        let path: AssetPath
        var repository: Int64 { upstream.repository }
    }

    /// Gives the bytes to a fill. Returns how many there are.
    typealias Work = @Sendable (Fill) async throws -> Int64

    private let fills = Mutex<[Key: Fill]>([:])
    /// Files that went to clients without being kept, since the start.
    let unkept = Atomic(0)

    package init() {}

    /// The number of fills under way.
    package var count: Int { fills.withLock { $0.count } }

    /// The fill for a key that is under way, or a new one, whose work runs in a task of its own: no client's leaving
    /// stops it.
    func fill(_ key: Key, pool: BlockingPool, _ work: @escaping Work) -> Fill {
        fills.withLock { fill(key, in: &$0, pool, work) }
    }

    /// A reader of the fill for a key.
    func join(_ key: Key, pool: BlockingPool, _ work: @escaping Work) -> FillReader {
        // Under the lock: a reader that joins a fill while it is registered has all of it ahead.
        fills.withLock { fill(key, in: &$0, pool, work).join() }
    }

    /// A reader of a fill that nobody else knows of.
    func alone(pool: BlockingPool, _ work: @escaping Work) -> FillReader {
        let fill = Fill(pool: pool)
        let seat = fill.join()
        Task { Self.end(fill, await Self.outcome(fill, work)) }
        return seat
    }

    /// Forgets a fill before its end: a caller that asks from now on gets another.
    func detach(_ fill: Fill, _ key: Key) {
        fills.withLock { fills in
            if fills[key] === fill { fills[key] = nil }
        }
    }

    private func fill(_ key: Key, in fills: inout [Key: Fill], _ pool: BlockingPool, _ work: @escaping Work) -> Fill {
        if let fill = fills[key] { return fill }
        let fill = Fill(pool: pool)
        fills[key] = fill
        Task {
            let outcome = await Self.outcome(fill, work)
            // Forgotten before anyone is told: a caller that comes now finds the published file, or fetches it itself.
            detach(fill, key)
            Self.end(fill, outcome)
        }
        return fill
    }

    private static func outcome(_ fill: Fill, _ work: Work) async -> Result<Int64, any Error> {
        do { return .success(try await work(fill)) } catch { return .failure(error) }
    }

    private static func end(_ fill: Fill, _ outcome: Result<Int64, any Error>) {
        switch outcome {
        case .success(let size): fill.succeed(size: size)
        case .failure(let error): fill.fail(error)
        }
    }
}
