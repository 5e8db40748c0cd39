internal import SavePlatform
internal import Synchronization

/// One at a time for each digest, in the order in which they ask: an object store has no lock under which a name is looked at and
/// taken away.
final class Turns: Sendable {
    private let waiting = Mutex<[BlobDigest: [CheckedContinuation<Void, Never>]]>([:])

    func take<Value>(_ digest: BlobDigest, _ body: () async throws -> Value) async throws -> Value {
        await begin(digest)
        defer { end(digest) }
        return try await body()
    }

    private func begin(_ digest: BlobDigest) async {
        await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
            let isFree = waiting.withLock { waiting in
                guard waiting[digest] != nil else {
                    waiting[digest] = []
                    return true
                }
                waiting[digest]?.append(turn)
                return false
            }
            if isFree { turn.resume() }
        }
    }

    private func end(_ digest: BlobDigest) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard var others = waiting[digest], !others.isEmpty else {
                waiting[digest] = nil
                return nil
            }
            let next = others.removeFirst()
            waiting[digest] = others
            return next
        }
        next?.resume()
    }
}
