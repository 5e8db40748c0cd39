/// A body that is pulled: the consumer's pace is the producer's pace.
///
/// One consumer reads it, once. A stream that ends before `length` bytes is an error of its producer, which throws.
public struct ByteStream: AsyncSequence, Sendable {
    /// The number of bytes, where it is known before they are read.
    public let length: Int64?
    private let pull: @Sendable () async throws -> [UInt8]?
    /// What the bytes are kept in already, for a consumer that need not read them. Streams that are made of this one do not have it.
    package let source: (any AnyObject & Sendable)?

    /// - Parameter pull: gives the next bytes, never an empty array; nil at the end.
    public init(length: Int64?, _ pull: @escaping @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.pull = pull
        source = nil
    }

    /// The same bytes, and what they are kept in.
    package init(_ stream: ByteStream, keptIn source: any AnyObject & Sendable) {
        length = stream.length
        pull = stream.pull
        self.source = source
    }

    /// The next bytes, or nil at the end.
    public func next() async throws -> [UInt8]? { try await pull() }

    public func makeAsyncIterator() -> Iterator { Iterator(pull: pull) }

    public struct Iterator: AsyncIteratorProtocol {
        let pull: @Sendable () async throws -> [UInt8]?
        public mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    /// Reads everything, up to a limit.
    ///
    /// - Throws: `tooLarge` once more than `limit` bytes have come.
    public func collect(limit: Int) async throws -> [UInt8] {
        if let length, length > Int64(limit) { throw SaveError(.tooLarge, "the body is larger than \(limit) bytes: send less") }
        var bytes: [UInt8] = []
        // Megabytes that grow piece by piece are there twice while they move.
        if let length, length > 0 { bytes.reserveCapacity(Int(clamping: length)) }
        while let chunk = try await pull() {
            guard bytes.count + chunk.count <= limit else {
                throw SaveError(.tooLarge, "the body is larger than \(limit) bytes: send less")
            }
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    /// Reads and drops everything.
    package func drain() async throws {
        while try await pull() != nil {}
    }

    /// No bytes.
    public static let empty = ByteStream(length: 0) { nil }
}
