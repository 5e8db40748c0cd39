internal import Synchronization

/// A file on its way from an upstream to the disk, readable by any number of clients while it grows.
///
/// The last bytes are held back until the digest is verified and the file is published: a client that has received the
/// announced length has received the right bytes.
package final class Fill: Sendable {
    private struct State {
        var reader: OpenFile?
        var head: Head?
        /// Bytes that may be handed out.
        var available: Int64 = 0
        var outcome: Result<Int64, any Error>?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// What is known once the upstream has begun to answer.
    package struct Head: Sendable {
        package let size: Int64?
        package let contentType: String?
    }

    /// How much is kept back until the end is verified.
    static let heldBack: Int64 = 65_536

    private let state = Mutex(State())
    private let pool: BlockingPool

    init(pool: BlockingPool) { self.pool = pool }

    // MARK: The writer's side

    func begin(_ head: Head, reader: OpenFile) {
        change { state in
            state.head = head
            state.reader = reader
        }
    }

    func advance(to written: Int64) {
        change { state in
            // Without an announced length the end is the terminator, which comes after verification anyway.
            state.available = state.head?.size == nil ? written : max(state.available, written - Self.heldBack)
        }
    }

    func succeed(size: Int64) {
        change { state in
            state.available = size
            state.outcome = .success(size)
        }
    }

    func fail(_ error: any Error) {
        change { $0.outcome = .failure(error) }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Whether clients may have got bytes already.
    var hasBegun: Bool { state.withLock { $0.head != nil } }

    // MARK: The readers' side

    /// Waits until the upstream has begun to answer.
    ///
    /// - Throws: why the fill failed before it began.
    func head() async throws -> Head {
        while true {
            let (head, outcome) = state.withLock { ($0.head, $0.outcome) }
            if let head { return head }
            if case .failure(let error)? = outcome { throw error }
            await waitForChange { $0.head != nil || $0.outcome != nil }
        }
    }

    /// Waits until the file is published.
    ///
    /// - Throws: why it is not; `CancellationError` when the caller is cancelled, which does not stop the fill.
    func finished() async throws {
        try await withTaskCancellationHandler {
            while true {
                try Task.checkCancellation()
                if let outcome = state.withLock({ $0.outcome }) {
                    _ = try outcome.get()
                    return
                }
                await waitForChange { $0.outcome != nil || Task.isCancelled }
            }
        } onCancel: {
            change { _ in }
        }
    }

    /// The bytes from `offset` to `end` (the file's end where it is nil), as they arrive.
    func stream(from offset: Int64, to end: Int64?, length: Int64?) -> ByteStream {
        let position = Position(offset)
        return ByteStream(length: length) { [self] in
            guard let chunk = try await read(at: position.value, end: end) else { return nil }
            position.advance(by: Int64(chunk.count))
            return chunk
        }
    }

    private func read(at offset: Int64, end: Int64?) async throws -> [UInt8]? {
        while true {
            let (reader, available, outcome) = state.withLock { ($0.reader, $0.available, $0.outcome) }
            let limit = min(available, end ?? .max)
            if offset < limit, let reader {
                let count = Int(min(limit - offset, 131_072))
                let bytes = try await pool.run { try reader.read(at: offset, count: count) }
                guard !bytes.isEmpty else { throw SaveError(.storageUnavailable, "a file that is being fetched cannot be read") }
                return bytes
            }
            if let end, offset >= end { return nil }
            switch outcome {
            case .success: return nil
            case .failure(let error): throw error
            case nil: await waitForChange { $0.available > available || $0.outcome != nil }
            }
        }
    }

    /// Suspends until a change for which `isDone` may hold; returns at once when it holds already.
    private func waitForChange(_ isDone: @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if isDone(state) { return true }
                state.waiters.append(continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}

/// Where one reader has come to.
private final class Position: Sendable {
    private let storage: Mutex<Int64>
    init(_ start: Int64) { storage = Mutex(start) }
    var value: Int64 { storage.withLock { $0 } }
    func advance(by count: Int64) { storage.withLock { $0 += count } }
}

/// The fills that are under way: one for each file, whoever asks.
package final class FillRegistry: Sendable {
    struct Key: Hashable, Sendable {
        let repository: Int64
        let path: AssetPath
    }

    private let fills = Mutex<[Key: Fill]>([:])

    package init() {}

    /// The number of fills under way.
    package var count: Int { fills.withLock { $0.count } }

    /// The fill for a key that is under way, or a new one, whose work runs in a task of its own: no client's leaving
    /// stops it.
    func fill(_ key: Key, pool: BlockingPool, _ work: @escaping @Sendable (Fill) async throws -> Int64) -> Fill {
        fills.withLock { fills in
            if let fill = fills[key] { return fill }
            let fill = Fill(pool: pool)
            fills[key] = fill
            Task {
                let outcome: Result<Int64, any Error>
                do { outcome = .success(try await work(fill)) } catch { outcome = .failure(error) }
                // Off the board before anyone is told: who comes now finds the published file, or tries anew.
                _ = self.fills.withLock { $0.removeValue(forKey: key) }
                switch outcome {
                case .success(let size): fill.succeed(size: size)
                case .failure(let error): fill.fail(error)
                }
            }
            return fill
        }
    }
}

/// A file that is arriving, as the engine answers with it.
package struct ArrivingAsset: Sendable {
    package let record: AssetRecord
    package let head: Fill.Head
    let fill: Fill

    /// The bytes of a part, as they arrive.
    package func stream(from offset: Int64, to end: Int64?, length: Int64?) -> ByteStream {
        fill.stream(from: offset, to: end, length: length)
    }
}
