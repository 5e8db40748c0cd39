internal import SaveHTTP
internal import SavePlatform

/// Reads a file of an upstream in parts (RFC 9110, 14), as few as the reader looks at.
struct UpstreamRanges: Sendable {
    /// The upstream does not answer with parts of files, or does not say how large they are.
    struct Unsupported: Error {}

    private let context: UpstreamContext
    private let file: AssetRecord

    /// Bytes of a part, unless the reader wants more at once: one round trip costs more than these.
    private static let piece = 65_536
    /// Bytes of all parts. A wheel's list of its entries is the largest thing that is looked at.
    private static let maxBytes = 48 << 20
    /// Parts: the end of an archive, its directory, one entry, and some for archives that are laid out otherwise.
    private static let rounds = 8

    init(_ context: UpstreamContext, _ file: AssetRecord) {
        self.context = context
        self.file = file
    }

    /// What `body` makes of the file. It is called again after every part that had to be fetched.
    ///
    /// - Throws: `Unsupported`; `SourceMiss` where the upstream does not have the file; `upstreamInvalid` for parts that
    ///   cannot be of this file, and for too many; `upstreamUnavailable`; and what `body` throws.
    func read<Value: Sendable>(_ body: (FileBytes) async throws -> Value) async throws -> Value {
        var parts = FileParts(size: try await size())
        for _ in 0...Self.rounds {
            let known = parts
            do {
                return try await body(FileBytes(size: known.size, read: known.read))
            } catch let missing as FileParts.Missing {
                let part = missing.widened(to: Self.piece, of: parts.size)
                guard part.count <= Self.maxBytes - parts.count else { break }
                parts.add(try await fetch(part, of: parts.size), at: part.lowerBound)
            }
        }
        throw SaveError(
            .upstreamInvalid,
            "too much of the upstream's file '\(file.path.filename)' would have to be read: ask for the whole file")
    }

    private func size() async throws -> Int64 {
        if let size = file.size { return size }
        guard case .described(_, let size?) = try await UpstreamFile(context).describe(file) else { throw Unsupported() }
        return size
    }

    private func fetch(_ part: Range<Int64>, of size: Int64) async throws -> [UInt8] {
        var request = try await UpstreamFile(context).request(for: file, method: .get)
        request.maxSize = Int64(part.count)
        request.waitsForReader = false
        request.headers.append("Range", "bytes=\(part.lowerBound)-\(part.upperBound - 1)")
        let response = try await context.client.send(request)
        switch response.status {
        case 206: break
        case 404, 410: throw context.miss(file.path, until: nil)
        case 500...:
            throw SaveError(.upstreamUnavailable, "the upstream answered \(response.status) for the file: ask again later")
        // Whatever else it is, the whole file may still be had.
        default: throw Unsupported()
        }
        let expected = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"
        guard response.headers["content-range"] == expected else {
            throw SaveError(
                .upstreamInvalid, "the upstream sent another part of the file than it was asked for: ask for the whole file")
        }
        let bytes = try await response.body.collect(limit: part.count)
        guard bytes.count == part.count else {
            throw SaveError(
                .upstreamInvalid,
                "the upstream's part of the file has \(bytes.count) of \(part.count) bytes: ask for the whole file")
        }
        return bytes
    }
}

/// The parts of a file that were fetched.
private struct FileParts: Sendable {
    /// A part that was looked at and is not here.
    struct Missing: Error {
        let range: Range<Int64>

        /// The part with what lies behind it, or before it where the file ends, up to a size.
        func widened(to piece: Int, of size: Int64) -> Range<Int64> {
            let end = max(range.upperBound, range.lowerBound + min(Int64(piece), size - range.lowerBound))
            return max(0, min(range.lowerBound, end - Int64(piece)))..<end
        }
    }

    let size: Int64
    /// Bytes of all parts.
    private(set) var count = 0
    private var parts: [(offset: Int64, bytes: [UInt8])] = []

    init(size: Int64) { self.size = size }

    mutating func add(_ bytes: [UInt8], at offset: Int64) {
        parts.append((offset, bytes))
        count += bytes.count
    }

    /// Bytes within the file.
    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        let range = offset..<offset + Int64(count)
        for part in parts where part.offset <= range.lowerBound && range.upperBound <= part.offset + Int64(part.bytes.count) {
            let start = Int(range.lowerBound - part.offset)
            return Array(part.bytes[start..<start + range.count])
        }
        throw Missing(range: range)
    }
}
