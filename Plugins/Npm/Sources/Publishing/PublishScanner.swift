internal import SavePlatform

/// Reads the body of a publish while it arrives: a JSON object, in which the bytes of files stand as Base64 text at
/// `_attachments.<name>.data`.
///
/// Everything but that text is kept, with an empty text in its place; the files themselves are decoded piece by piece and
/// never held. A package of a hundred megabytes costs its manifest.
actor PublishScanner {
    private struct Frame {
        let isObject: Bool
        /// The key whose value comes next or is being read.
        var key: [UInt8] = []
        var isKeyNext: Bool
    }

    private enum Place {
        case between
        case text(isKey: Bool, isEscaped: Bool)
        case attachment
        case over
    }

    private let body: ByteStream
    private var chunk: ArraySlice<UInt8> = []
    private var frames: [Frame] = []
    private var place = Place.between
    private var decoder = Base64Decoder()
    /// The document without its files.
    private(set) var document: [UInt8] = []

    /// What is left of a document without its files, in bytes.
    static let maxBytes = 8 << 20
    /// Deeper than the reader of the document goes; what is deeper still is refused while it is read.
    private static let deepest = 64

    init(_ body: ByteStream) { self.body = body }

    /// Reads on to the next file.
    ///
    /// - Returns: its name, or nil at the end of the body. The file is then read by `content`, to its end.
    /// - Throws: `invalidRequest` for nesting that is too deep, `tooLarge`, and what the body throws.
    func nextAttachment() async throws -> String? {
        while case .over = place { place = .between }
        while try await fill() {
            while let byte = chunk.popFirst() {
                document.append(byte)
                guard document.count <= Self.maxBytes else {
                    throw SaveError(
                        .tooLarge, "the manifest is larger than \(Self.maxBytes) bytes: shorten package.json or the README")
                }
                try step(byte)
                if case .attachment = place { return String(decoding: frames[frames.count - 2].key, as: UTF8.self) }
            }
        }
        return nil
    }

    /// The bytes of the file that `nextAttachment` found.
    nonisolated var content: ByteStream { ByteStream(length: nil) { try await self.nextBytes() } }

    private func nextBytes() async throws -> [UInt8]? {
        while case .attachment = place {
            guard try await fill() else { throw SaveError.invalid("_attachments", "_attachments: the body ends within a file") }
            let end = chunk.firstIndex(of: UInt8(ascii: "\""))
            var bytes = try decoder.decode(chunk[..<(end ?? chunk.endIndex)])
            if let end {
                bytes += try decoder.finish()
                // The text's own end belongs to the document, where its beginning is.
                document.append(UInt8(ascii: "\""))
                chunk = chunk[chunk.index(after: end)...]
                place = .over
            } else {
                chunk = []
            }
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }

    private func fill() async throws -> Bool {
        while chunk.isEmpty {
            guard let next = try await body.next() else { return false }
            chunk = next[...]
        }
        return true
    }

    private func step(_ byte: UInt8) throws {
        switch place {
        case .between: try stepBetween(byte)
        case .text(let isKey, true):
            if isKey { frames[frames.count - 1].key.append(byte) }
            place = .text(isKey: isKey, isEscaped: false)
        case .text(let isKey, false):
            switch byte {
            case UInt8(ascii: "\""): place = .between
            case UInt8(ascii: "\\"): place = .text(isKey: isKey, isEscaped: true)
            default: if isKey { frames[frames.count - 1].key.append(byte) }
            }
        case .attachment, .over: break
        }
    }

    private func stepBetween(_ byte: UInt8) throws {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard frames.count < Self.deepest else {
                throw SaveError(.invalidRequest, "the body is nested too deeply: flatten package.json")
            }
            frames.append(Frame(isObject: byte == UInt8(ascii: "{"), isKeyNext: byte == UInt8(ascii: "{")))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = frames.popLast()
        case UInt8(ascii: ","):
            if let frame = frames.last, frame.isObject { frames[frames.count - 1].isKeyNext = true }
        case UInt8(ascii: ":"):
            if !frames.isEmpty { frames[frames.count - 1].isKeyNext = false }
        case UInt8(ascii: "\""):
            let isKey = frames.last?.isKeyNext ?? false
            if isKey { frames[frames.count - 1].key = [] }
            place = !isKey && isAttachment ? .attachment : .text(isKey: isKey, isEscaped: false)
            if case .attachment = place { decoder = Base64Decoder() }
        default: break
        }
    }

    /// Whether the value that begins is the content of a file. A key that is spelled with escapes is another key here, and
    /// its value then is not a file for anyone.
    private var isAttachment: Bool {
        frames.count == 3 && frames.allSatisfy(\.isObject) && frames[0].key.elementsEqual("_attachments".utf8)
            && frames[2].key.elementsEqual("data".utf8) && !Provenance.isBundle(frames[1].key)
    }
}
