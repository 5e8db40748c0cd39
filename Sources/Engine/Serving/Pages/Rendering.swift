internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// A page as it is sent.
struct Rendering: Sendable {
    enum Content: Sendable {
        case whole([UInt8])
        /// Made again for every client.
        case pieces(DocumentPieces, length: Int64)
    }

    let type: MediaType
    let headers: [String: String]
    let content: Content
    let isCompressed: Bool
    /// One tag for each representation and encoding: the digest of what is sent, and of its type, since two types may be sent
    /// as the same bytes.
    let etag: String

    /// Pages below this are not worth compressing. Bytes.
    private static let smallestCompressed = 1024
    /// Pages above this are not held. Bytes.
    private static let maxWholeBytes = 1 << 20

    /// Pages and pieces above these are refused: no honest one is as large, and all requests share the memory. Bytes.
    private static let maxPageBytes = 128 << 20
    private static let maxPiecesBytes: Int64 = 1 << 30

    /// - Parameter compression: nil where the client does not take it.
    /// - Throws: `internalFailure` for a document that is larger than any honest one.
    init(_ document: Document, _ compression: PageCompression?) throws {
        let digest = StreamingDigest(.sha256)
        var compressed: [UInt8]?
        switch document.content {
        case .bytes(let bytes):
            guard bytes.count <= Self.maxPageBytes else { throw Self.tooLarge }
            digest.update(bytes)
            compressed = bytes.count >= Self.smallestCompressed ? compression?.whole(bytes) : nil
            content = .whole(compressed ?? bytes)
        case .pieces(let pieces):
            let (bytes, length) = try Self.look(at: pieces, digest)
            if let bytes {
                compressed = bytes.count >= Self.smallestCompressed ? compression?.whole(bytes) : nil
                content = .whole(compressed ?? bytes)
            } else {
                content = .pieces(pieces, length: length)
            }
        }
        type = document.type
        headers = document.headers
        if case .pieces = content { isCompressed = compression?.begin() != nil } else { isCompressed = compressed != nil }
        let typeDigest = Digest.hex(Array(document.type.value.utf8)).prefix(8)
        etag = "\"\(Hex.encode(digest.finish()).prefix(32))-\(typeDigest)\(isCompressed ? "-gzip" : "")\""
    }

    /// All of a small document, or nil; and its length.
    private static func look(at pieces: DocumentPieces, _ digest: StreamingDigest) throws -> ([UInt8]?, Int64) {
        var place = 0
        var length: Int64 = 0
        var bytes: [UInt8]? = []
        while let piece = pieces.next(&place) {
            digest.update(piece)
            length += Int64(piece.count)
            guard length <= maxPiecesBytes else { throw tooLarge }
            if length > Int64(maxWholeBytes) { bytes = nil } else { bytes?.append(contentsOf: piece) }
        }
        return (bytes, length)
    }

    private static let tooLarge = SaveError(
        .internalFailure, "the format renders more than \(maxPageBytes >> 20) MiB, or \(maxPiecesBytes >> 20) MiB in pieces")

    /// Bytes that it takes to keep it.
    var cost: Int {
        switch content {
        case .whole(let bytes): bytes.count
        case .pieces(let pieces, _): pieces.retained
        }
    }
}

/// When a page became what it is, as far as this process has seen it: made again with the same content, it keeps its time.
struct LastChange {
    let time: Timestamp
    /// The time, where it tells this content from the one before. Two pages made within one second have the same
    /// `Last-Modified` (RFC 9110, 8.8.2.2), so only their tags tell whether a copy is current.
    let validator: Timestamp?

    init(to etag: String, at now: Timestamp, after previous: CachedAnswer?) {
        guard let previous, let before = previous.response.headers["last-modified"].flatMap(Timestamp.init(httpDate:)) else {
            (time, validator) = (now, now)
            return
        }
        if previous.etag == etag {
            (time, validator) = (before, previous.lastModified)
        } else {
            (time, validator) = (now, now.seconds == before.seconds ? nil : now)
        }
    }
}
