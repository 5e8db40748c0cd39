internal import SavePlatform

/// The parts of a publish, one after another: each is a length, four bytes with the lowest first, and so many bytes (Cargo Book, "Registry
/// Web API", "Publish").
actor BodyParts {
    private let body: ByteStream
    private var chunk: ArraySlice<UInt8> = []
    /// Bytes of the part that are still to come.
    private var left: Int64 = 0

    init(_ body: ByteStream) { self.body = body }

    /// The next part, which is read to its end before the one after it.
    ///
    /// - Throws: `invalidRequest` where the body ends before.
    func next() async throws -> ByteStream {
        var length: Int64 = 0
        for place in 0..<4 {
            guard try await fill(), let byte = chunk.popFirst() else { throw Self.tooShort }
            length |= Int64(byte) << (8 * place)
        }
        left = length
        return ByteStream(length: length) { try await self.piece() }
    }

    private func piece() async throws -> [UInt8]? {
        guard left > 0 else { return nil }
        guard try await fill() else { throw Self.tooShort }
        let piece = chunk.prefix(Int(clamping: left))
        chunk = chunk.dropFirst(piece.count)
        left -= Int64(piece.count)
        return Array(piece)
    }

    var isAtEnd: Bool {
        get async throws { try await !fill() }
    }

    private func fill() async throws -> Bool {
        while chunk.isEmpty {
            guard let bytes = try await body.next() else { return false }
            chunk = bytes[...]
        }
        return true
    }

    private static let tooShort = SaveError.invalid("body", "body: ends before the crate does: send it with cargo publish")
}
