internal import CMicrohttpd
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// The part of a streamed answer that has been produced and not been sent.
struct OutgoingBody {
    /// So much is kept for a client that is slower than the producer.
    static let capacity = 256 << 10

    private var chunks: [[UInt8]] = []
    private var first = 0
    private var offset = 0
    private var buffered = 0
    private var isClosed = false
    private var space: CheckedContinuation<Bool, Never>?
    /// The producer has come to a good end.
    var hasEnded = false
    /// The answer cannot be completed; the connection is cut.
    var failed = false
    private(set) var sent: Int64 = 0

    var isEmpty: Bool { first == chunks.count }
    var isFull: Bool { buffered >= Self.capacity }
    /// Nobody will read any more.
    var isOver: Bool { isClosed }

    mutating func append(_ chunk: [UInt8]) {
        guard !chunk.isEmpty else { return }
        chunks.append(chunk)
        buffered += chunk.count
    }

    /// Copies out what fits.
    mutating func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        var copied = 0
        while copied < target.count, first < chunks.count {
            let count = min(chunks[first].count - offset, target.count - copied)
            chunks[first].withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: target[copied..<copied + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
            }
            copied += count
            offset += count
            if offset == chunks[first].count {
                chunks[first] = []
                first += 1
                offset = 0
            }
        }
        if first == chunks.count {
            chunks.removeAll(keepingCapacity: true)
            first = 0
        }
        buffered -= copied
        sent += Int64(copied)
        return copied
    }

    /// Lets the producer wait for space.
    mutating func wait(_ continuation: CheckedContinuation<Bool, Never>) { space = continuation }

    /// The producer that waits for space, where there is some again.
    mutating func takeWaiting() -> CheckedContinuation<Bool, Never>? {
        guard !isFull else { return nil }
        defer { space = nil }
        return space
    }

    /// Nobody will read any more; returns the producer that waits.
    mutating func close() -> CheckedContinuation<Bool, Never>? {
        abandon()
        defer { space = nil }
        return space
    }

    /// Nobody will read any more.
    mutating func abandon() {
        isClosed = true
        chunks = []
        first = 0
        buffered = 0
    }
}

extension Exchange {
    enum Reading { case bytes(Int), later, end, failed }

    /// Gives the library the next bytes of the answer, or suspends the connection until there are some.
    func read(into target: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, space) = state.withLock { state -> (Reading, CheckedContinuation<Bool, Never>?) in
            if state.isOver || state.outgoing.failed { return (.failed, nil) }
            if !state.outgoing.isEmpty {
                let count = state.outgoing.read(into: target)
                return (.bytes(count), state.outgoing.takeWaiting())
            }
            if state.outgoing.hasEnded { return (.end, nil) }
            return (suspend(&state) ? .later : .failed, nil)
        }
        space?.resume(returning: true)
        return reading
    }

    /// Pulls a stream and hands its bytes to the library, at the client's pace.
    ///
    /// The last bytes of a known length are held back until the stream has come to its end: a stream that finds out at
    /// its very end that something is wrong must not leave a complete answer behind.
    func send(_ stream: ByteStream) async {
        var total: Int64 = 0
        do {
            while let chunk = try await stream.next() {
                total += Int64(chunk.count)
                if let length = stream.length, total > length {
                    throw SaveError(.internalFailure, "a stream is longer than its length")
                }
                if let length = stream.length, total == length {
                    guard try await stream.next() == nil else {
                        throw SaveError(.internalFailure, "a stream is longer than its length")
                    }
                    _ = await push(chunk)
                    break
                }
                guard await push(chunk) else { return }
            }
            if let length = stream.length, total < length {
                throw SaveError(.internalFailure, "a stream is shorter than its length")
            }
            close(failed: false)
        } catch {
            close(failed: true)
            let text = (error as? SaveError)?.description ?? String(describing: type(of: error))
            connection.server.log(.warning, "an answer was cut", ["request_id": id.description, "error": text])
        }
    }

    /// Hands over bytes and waits for space; false where nobody reads any more.
    private func push(_ chunk: [UInt8]) async -> Bool {
        let (isOver, isFull) = state.withLock { state -> (Bool, Bool) in
            guard !state.outgoing.isOver else { return (true, false) }
            state.outgoing.append(chunk)
            resume(&state, then: .sending)
            return (false, state.outgoing.isFull)
        }
        guard isFull else { return !isOver }
        return await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Bool? in
                if state.outgoing.isOver { return false }
                if !state.outgoing.isFull { return true }
                state.outgoing.wait(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func close(failed: Bool) {
        state.withLock { state in
            if failed { state.outgoing.failed = true } else { state.outgoing.hasEnded = true }
            resume(&state, then: .sending)
        }
    }
}
