internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// The bytes of an upstream's file as they come: to the disk, and where that takes no more, past it to the clients that wait.
///
/// A full disk is the server's trouble and not theirs. Nothing of such a file is kept; for the next client it is fetched again.
struct FillWriter {
    private let context: UpstreamContext
    private let key: FillRegistry.Key
    private let fill: Fill
    /// nil once the disk takes no more.
    private var writer: (any BlobWriter)?
    private let reader: OpenFile?
    /// Of all bytes, once there is no writer that computes it.
    private let digest = StreamingDigest(.sha256)
    private(set) var size: Int64 = 0

    private static let piece: Int64 = 1 << 20

    /// Begins, and lets the clients begin.
    ///
    /// - Parameter head: what they are told.
    init(_ fill: Fill, _ head: Fill.Head, _ key: FillRegistry.Key, _ context: UpstreamContext) async throws {
        self.context = context
        self.key = key
        self.fill = fill
        do {
            try await context.blobs.checkSpace(for: head.size)
            let writer = try await context.blobs.begin()
            reader = try writer.reader()
            self.writer = writer
            fill.begin(head, reader: reader.map(Blob.init))
        } catch let error as SaveError where Self.isOfTheDisk(error) {
            reader = nil
            fill.begin(head, reader: nil)
            passOn(because: error)
        }
    }

    /// Takes what comes next.
    mutating func take(_ bytes: [UInt8]) async throws {
        if let writer {
            do {
                try await writer.write(bytes)
                size += Int64(bytes.count)
                return fill.advance(to: size)
            } catch let error as SaveError where Self.isOfTheDisk(error) {
                try await giveUp(writer, because: error)
            }
        }
        digest.update(bytes)
        size += Int64(bytes.count)
        try await fill.pass(bytes)
    }

    /// Ends, with the blob that is published then; nil where nothing is kept.
    ///
    /// - Parameter publish: records the blob.
    /// - Throws: `digestMismatch`, where another digest was expected.
    mutating func finish(expecting expected: BlobDigest?, publish: (BlobInfo) async throws -> Void) async throws {
        guard let writer else { return try check(BlobDigest(sha256: digest.finish()), expected) }
        try check(try await writer.finish().digest, expected)
        do {
            try await writer.commit(expecting: expected, recording: publish)
        } catch let error as SaveError where Self.isOfTheDisk(error) {
            // All of it can be read by those who are reading it.
            passOn(because: error)
        }
    }

    /// Leaves nothing behind.
    func cancel() async { await writer?.cancel() }

    private func check(_ digest: BlobDigest, _ expected: BlobDigest?) throws {
        guard let expected, expected != digest else { return }
        throw SaveError(
            .digestMismatch, "the bytes do not have the digest that was announced: send them again, or correct the digest")
    }

    private mutating func giveUp(_ writer: any BlobWriter, because error: SaveError) async throws {
        self.writer = nil
        await writer.cancel()
        var offset: Int64 = 0
        while offset < size, let reader {
            let (start, count) = (offset, Int(min(Self.piece, size - offset)))
            let bytes = try await context.pool.run { try reader.read(at: start, count: count) }
            guard !bytes.isEmpty else { throw error }
            digest.update(bytes)
            offset += Int64(bytes.count)
        }
        passOn(because: error)
    }

    private func passOn(because error: SaveError) {
        context.fills.detach(fill, key)
        fill.stopKeeping(at: size, because: error)
        context.fills.unkept.wrappingAdd(1, ordering: .relaxed)
        context.log.sparsely(
            .warning, "a file of an upstream is passed on and not kept", ["file": key.path.text, "error": "\(error)"])
    }

    /// Whether an error says that the disk does not take what it is given.
    static func isOfTheDisk(_ error: SaveError) -> Bool { error.code == .storageFull || error.code == .storageUnavailable }
}
