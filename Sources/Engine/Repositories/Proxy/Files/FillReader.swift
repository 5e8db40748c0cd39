package import SavePlatform
internal import Synchronization

/// A client's place in a fill. As long as it is held, what it has not read yet is kept for it.
package final class FillReader: Sendable {
    let fill: Fill
    private let id: UInt64

    init(fill: Fill, id: UInt64) {
        self.fill = fill
        self.id = id
    }

    deinit { fill.leave(id) }

    /// The bytes from `offset` to `end` (the file's end where it is nil), as they arrive. Of a seat one stream is read.
    package func stream(from offset: Int64, to end: Int64?, length: Int64?) -> ByteStream {
        let position = Position(offset)
        fill.move(id, to: offset)
        return ByteStream(length: length) { [self] in
            guard let bytes = try await fill.read(at: position.value, end: end) else {
                fill.leave(id)
                return nil
            }
            fill.move(id, to: position.advance(by: Int64(bytes.count)))
            return bytes
        }
    }
}

/// Where one reader has come to.
private final class Position: Sendable {
    private let storage: Atomic<Int64>
    init(_ start: Int64) { storage = Atomic(start) }
    var value: Int64 { storage.load(ordering: .relaxed) }
    func advance(by count: Int64) -> Int64 { storage.add(count, ordering: .relaxed).newValue }
}

/// A file that is arriving, as the engine answers with it.
package struct ArrivingAsset: Sendable {
    /// The proxy that it will be kept by.
    package let repository: Int64
    package let record: AssetRecord
    package let head: Fill.Head
    let seat: FillReader

    /// The bytes of a part, as they arrive.
    package func stream(from offset: Int64, to end: Int64?, length: Int64?) -> ByteStream {
        seat.stream(from: offset, to: end, length: length)
    }
}

/// The bytes of a file that do not get to the disk, while clients read them: a window that moves on with the slowest of them.
struct SpillBuffer {
    /// Where they begin. What comes before is in a file.
    let start: Int64
    let reason: SaveError
    private var end: Int64
    private var pieces: [(offset: Int64, bytes: [UInt8])] = []
    /// Bytes in memory.
    private(set) var count = 0

    init(start: Int64, reason: SaveError) {
        self.start = start
        self.reason = reason
        end = start
    }

    /// Adds what comes next. Returns where it ends.
    mutating func append(_ bytes: [UInt8]) -> Int64 {
        if !bytes.isEmpty { pieces.append((end, bytes)) }
        end += Int64(bytes.count)
        count += bytes.count
        return end
    }

    /// The bytes at an offset, as far as they are in one piece.
    ///
    /// - Throws: `internalFailure` for what nobody kept: a reader without a seat.
    func piece(at offset: Int64, to limit: Int64) throws -> [UInt8] {
        guard let piece = pieces.last(where: { $0.offset <= offset }), offset < piece.offset + Int64(piece.bytes.count) else {
            throw SaveError(.internalFailure, "these bytes of the file are gone already")
        }
        let length = min(limit - piece.offset, Int64(piece.bytes.count))
        if offset == piece.offset, length == Int64(piece.bytes.count) { return piece.bytes }
        return Array(piece.bytes[Int(offset - piece.offset)..<Int(length)])
    }

    /// Lets go of what comes before an offset.
    mutating func drop(before offset: Int64) {
        let gone = pieces.prefix { $0.offset + Int64($0.bytes.count) <= offset }
        count -= gone.reduce(0) { $0 + $1.bytes.count }
        pieces.removeFirst(gone.count)
    }
}
