/// One part of a `multipart/form-data` body.
public struct MultipartPart: Sendable {
    /// The field's name.
    public let name: String
    /// The name the client gives the file; nil for a field that is not a file. May be anything: check it.
    public let filename: String?
    /// The part's own `Content-Type`, if any.
    public let contentType: String?
    /// The bytes. Reading ends early when the reader has been asked for the next part.
    public let body: ByteStream

    /// - Parameter body: what arrives; read to its end, it is what the part's own header fields say, or throws.
    init(header: MultipartHeader, body: ByteStream) {
        name = header.name
        filename = header.filename
        contentType = header.contentType
        self.body = header.digests.checking(body, isFile: true)
    }

    /// The whole body as text.
    ///
    /// - Throws: `tooLarge` past `limit` bytes, `invalidRequest` for bytes that are not UTF-8; both name the field.
    public func text(limit: Int) async throws -> String {
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard chunk.count <= limit - bytes.count else {
                throw SaveError(
                    .tooLarge, "\(name): the field is larger than \(limit) bytes: shorten it", details: ["field": name])
            }
            bytes.append(contentsOf: chunk)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SaveError.invalid(name, "\(name): the field is not UTF-8")
        }
        return text
    }
}

/// What the header fields of a part say.
struct MultipartHeader {
    let name: String
    let filename: String?
    let contentType: String?
    /// What `Content-MD5`, `Content-Digest` and the like say of the part.
    let digests: ClaimedDigests

    struct Builder {
        private var fields = HTTPHeaders()
        private var disposition: HeaderParameters?
        private var contentType: String?
        private var count = 0

        mutating func add(_ line: [UInt8]) throws {
            count += 1
            guard count <= 32, let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                line.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }), let text = String(validating: line, as: UTF8.self)
            else { throw MultipartReader.malformed("has a part with malformed headers") }
            let value = String(text.utf8.dropFirst(colon + 1).drop { $0 == 0x20 || $0 == 0x09 }) ?? ""
            let field = String(decoding: line[..<colon], as: UTF8.self)
            fields.append(field, value)
            switch ASCII.lowercased(field) {
            case "content-disposition":
                guard disposition == nil, let parsed = HeaderParameters(value), parsed.value == "form-data" else {
                    throw MultipartReader.malformed("has a part with a malformed Content-Disposition")
                }
                disposition = parsed
            case "content-type":
                // RFC 7578, 4.3 took nested parts out; nobody sends them, and they hide what is in them.
                guard contentType == nil, !ASCII.lowercased(value).utf8.starts(with: "multipart/".utf8) else {
                    throw MultipartReader.malformed("has a part of a type that is not allowed")
                }
                contentType = value
            case "content-transfer-encoding":
                // RFC 7578, 4.7: deprecated. Bytes are taken as they are, so an encoding that is not the identity would be
                // stored undecoded.
                guard ["binary", "8bit", "7bit"].contains(ASCII.lowercased(value)) else {
                    throw MultipartReader.malformed("has a part with a Content-Transfer-Encoding")
                }
            default: break
            }
        }

        func finish() throws -> MultipartHeader {
            guard let disposition, let name = disposition["name"], !name.isEmpty else {
                throw MultipartReader.malformed("has a part without a name")
            }
            let plain = disposition["filename"]
            let digests = try ClaimedDigests(fields)
            guard let extended = disposition["filename*"] else {
                return MultipartHeader(name: name, filename: plain, contentType: contentType, digests: digests)
            }
            // RFC 7578, 4.2 forbids it, some clients send it. Two names that disagree would be read by each side of a
            // filter in its own way.
            guard let decoded = HeaderParameters.decodeExtended(extended),
                plain.map({ $0.utf8.elementsEqual(decoded.utf8) }) ?? true
            else { throw MultipartReader.malformed("has a part with two file names or a malformed one") }
            return MultipartHeader(name: name, filename: decoded, contentType: contentType, digests: digests)
        }
    }
}
