package import SavePlatform
package import SaveStorage
internal import Synchronization

/// A file on its way from an upstream to the disk, readable by any number of clients while it grows.
///
/// The last bytes are held back until the digest is verified and the file is published: a client that has received the
/// announced length has received the right bytes.
///
/// Where the disk takes no more, the file goes on to the clients alone (`pass`): as fast as the slowest of those who have a seat,
/// and nobody takes a new one.
package final class Fill: Sendable {
    private struct State {
        /// What is written so far, in a local file that grows, or what was stored before.
        var reader: Blob?
        var head: Head?
        /// Bytes that may be handed out.
        var available: Int64 = 0
        /// What does not get to the disk any more.
        var unkept: SpillBuffer?
        /// Up to where each client has read.
        var seats: [UInt64: Int64] = [:]
        var seatCount: UInt64 = 0
        var outcome: Result<Int64, any Error>?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// What is known once the upstream has begun to answer.
    package struct Head: Sendable {
        package let size: Int64?
        package let contentType: String?

        package init(size: Int64?, contentType: String?) {
            self.size = size
            self.contentType = contentType
        }
    }

    /// How much is kept back until the end is verified.
    static let heldBack: Int64 = 65_536
    /// Bytes in memory past which the upstream waits for the slowest client, where the disk takes none.
    private static let widest = Int(heldBack) + 1 << 20

    private let state = Mutex(State())
    private let pool: BlockingPool

    package init(pool: BlockingPool) { self.pool = pool }

    // MARK: The writer's side

    /// - Parameter reader: of what is written; nil where nothing will be.
    package func begin(_ head: Head, reader: Blob?) {
        change { state in
            state.head = head
            state.reader = reader
        }
    }

    func advance(to written: Int64) {
        change { Self.advance(&$0, to: written) }
    }

    private static func advance(_ state: inout State, to written: Int64) {
        // Without an announced length the end is the terminator, which comes after verification anyway.
        state.available = state.head?.size == nil ? written : max(state.available, written - heldBack)
    }

    /// From here on the bytes do not get to the disk. Nobody may take a seat any more.
    package func stopKeeping(at written: Int64, because reason: SaveError) {
        change { $0.unkept = SpillBuffer(start: written, reason: reason) }
    }

    /// Hands bytes to the clients past the disk, and waits until they have taken enough of them.
    ///
    /// - Throws: why the bytes are not kept, once no client is left.
    package func pass(_ bytes: [UInt8]) async throws {
        change { state in
            guard let end = state.unkept?.append(bytes) else { return }
            Self.advance(&state, to: end)
        }
        while true {
            let (count, reason) = state.withLock { ($0.unkept?.count ?? 0, $0.seats.isEmpty ? $0.unkept?.reason : nil) }
            if let reason { throw reason }
            if count <= Self.widest { return }
            await waitForChange { ($0.unkept?.count ?? 0) < count || $0.seats.isEmpty }
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

    /// Takes a seat: whatever happens to the disk, all that follows can be read from here.
    package func join() -> FillReader {
        let id = state.withLock { state in
            state.seatCount += 1
            state.seats[state.seatCount] = 0
            return state.seatCount
        }
        return FillReader(fill: self, id: id)
    }

    /// A client has read up to `position`, or wants nothing before it.
    func move(_ seat: UInt64, to position: Int64) { settle { $0.seats[seat] = position } }

    func leave(_ seat: UInt64) { settle { $0.seats[seat] = nil } }

    /// Changes the seats, and lets go of what everybody has read.
    private func settle(_ body: (inout State) -> Void) {
        let isPassing = state.withLock { state in
            body(&state)
            state.unkept?.drop(before: state.seats.values.min() ?? .max)
            return state.unkept != nil
        }
        if isPassing { change { _ in } }
    }

    /// Waits until the file is published.
    ///
    /// - Throws: why it is not, also where clients get it all the same; `CancellationError` when the caller is cancelled, which does not stop the fill.
    func finished() async throws {
        try await withTaskCancellationHandler {
            while true {
                try Task.checkCancellation()
                let (outcome, reason) = state.withLock { ($0.outcome, $0.unkept?.reason) }
                if let outcome {
                    _ = try outcome.get()
                    if let reason { throw reason }
                    return
                }
                await waitForChange { $0.outcome != nil || Task.isCancelled }
            }
        } onCancel: {
            change { _ in }
        }
    }

    /// What a reader does next.
    private enum Step {
        case read(Blob, count: Int)
        case take([UInt8])
        case wait(available: Int64)
        case end
    }

    /// The next bytes from `offset` on, up to `end` (the file's end where it is nil), as they arrive; nil where there are no
    /// more.
    func read(at offset: Int64, end: Int64?) async throws -> [UInt8]? {
        while true {
            switch try state.withLock({ try Self.step($0, at: offset, end: end) }) {
            case .take(let bytes): return bytes
            case .end: return nil
            case .wait(let available): await waitForChange { $0.available > available || $0.outcome != nil }
            case .read(let reader, let count):
                let bytes = try await reader.read(at: offset, count: count, pool: pool)
                guard !bytes.isEmpty else {
                    throw SaveError(.storageUnavailable, "a file that is being fetched cannot be read: ask again")
                }
                return bytes
            }
        }
    }

    private static func step(_ state: borrowing State, at offset: Int64, end: Int64?) throws -> Step {
        let limit = min(state.available, end ?? .max)
        if offset < limit {
            if let unkept = state.unkept, offset >= unkept.start { return .take(try unkept.piece(at: offset, to: limit)) }
            guard let reader = state.reader else { throw SaveError(.internalFailure, "a fill has bytes and no file") }
            return .read(reader, count: Int(min(min(limit, state.unkept?.start ?? .max) - offset, 131_072)))
        }
        if let end, offset >= end { return .end }
        switch state.outcome {
        case .success: return .end
        case .failure(let error): throw error
        case nil: return .wait(available: state.available)
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
