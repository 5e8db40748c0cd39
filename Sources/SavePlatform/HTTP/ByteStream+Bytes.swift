internal import Synchronization

extension ByteStream {
    /// Bytes that are in memory, in chunks of at most `chunk` bytes.
    public init(_ bytes: [UInt8], chunk: Int = 65_536) {
        let position = OneReader(0)
        self.init(length: Int64(bytes.count)) {
            position.update { start in
                guard start < bytes.count else { return nil }
                let end = Swift.min(bytes.count, start + Swift.max(1, chunk))
                defer { start = end }
                return Array(bytes[start..<end])
            }
        }
    }
}

extension ByteStream {
    /// The bytes of a file, in chunks of at most `chunk` bytes, read on the threads of a pool.
    package init(_ file: OpenFile, pool: BlockingPool, chunk: Int = 1 << 18) {
        self.init(file, from: 0, length: file.size, pool: pool, chunk: chunk)
    }

    /// A part of the bytes of a file, which is within it.
    package init(_ file: OpenFile, from offset: Int64, length: Int64, pool: BlockingPool, chunk: Int = 1 << 18) {
        let position = OneReader(0)
        self.init(length: length) {
            let start = position.update { $0 }
            let count = Int(Swift.min(Int64(chunk), length - Int64(start)))
            guard count > 0 else { return nil }
            let bytes = try await pool.run { try file.read(at: offset + Int64(start), count: count) }
            position.update { $0 = start + bytes.count }
            return bytes.isEmpty ? nil : bytes
        }
    }
}

extension ByteStream {
    /// All bytes of this, then all of another.
    package func followed(by next: ByteStream) -> ByteStream {
        var sum: Int64?
        if let length, let more = next.length {
            let (total, overflow) = length.addingReportingOverflow(more)
            sum = overflow ? nil : total
        }
        let ended = OneReader(0)
        return ByteStream(length: sum) {
            if ended.update({ $0 }) == 0 {
                if let bytes = try await self.next() { return bytes }
                ended.update { $0 = 1 }
            }
            return try await next.next()
        }
    }
}

extension ByteStream {
    /// The same bytes. `onRead` is told after each piece how many were taken so far.
    package func counted(_ onRead: @escaping @Sendable (Int64) -> Void) -> ByteStream {
        let taken = OneReader(0)
        return ByteStream(length: length) {
            guard let bytes = try await self.next() else { return nil }
            onRead(
                taken.update {
                    $0 += bytes.count
                    return Int64($0)
                })
            return bytes
        }
    }
}

/// The place a single reader has come to.
private final class OneReader: Sendable {
    private let position: Mutex<Int>
    init(_ start: Int) { position = Mutex(start) }
    func update<Value: Sendable>(_ body: (inout Int) -> Value) -> Value { position.withLock { body(&$0) } }
}
