/// Reads a `multipart/form-data` body (RFC 7578, RFC 2046 5.1) part by part, without ever holding a whole file.
///
/// One consumer asks for a part, reads its body as far as it cares, and asks for the next. Parts come in any order. The
/// time is linear in the size of the body, whatever it contains.
public actor MultipartReader {
    /// What a body may have beside its content, in bytes.
    public struct Limits: Sendable {
        public var parts = 4096
        package var partHeaders = 16_384
        /// Before the first part, and after the last.
        package var surroundings = 16_384

        public init() {}
    }

    private enum Place {
        case preamble, body, delimiter, end
    }

    private let source: ByteStream
    private let limits: Limits
    /// A line end, two dashes and the boundary: what ends a part. The first one may do without the line end.
    private let delimiter: [UInt8]
    private var buffer: [UInt8]
    /// What of `buffer` has been consumed.
    private var start = 0
    private var isSourceAtEnd = false
    private var place = Place.preamble
    private var count = 0

    /// - Parameter contentType: the whole `Content-Type` field.
    /// - Throws: `invalidRequest` when it is not `multipart/form-data` with a boundary of 1 to 70 characters.
    public init(contentType: String?, body: ByteStream, limits: Limits = Limits()) throws {
        guard let contentType, let field = HeaderParameters(contentType), field.value == "multipart/form-data" else {
            throw SaveError(.invalidRequest, "the body must be multipart/form-data")
        }
        guard let boundary = field["boundary"].map({ Array($0.utf8) }), Self.isBoundary(boundary) else {
            throw SaveError(
                .invalidRequest, "the multipart boundary is missing or malformed: name it in Content-Type as boundary=...")
        }
        source = body
        self.limits = limits
        delimiter = Array("\r\n--".utf8) + boundary
        // The line end before the first delimiter, which the body leaves out where it has no preamble.
        buffer = [0x0D, 0x0A]
    }

    /// The next part; what is left of the one before is skipped. Nil after the last, when the body has been read whole.
    ///
    /// - Throws: `invalidRequest` for a malformed body, `tooLarge` past a limit, and what the body throws.
    public func next() async throws -> MultipartPart? {
        switch place {
        case .preamble:
            var skipped = 0
            while let bytes = try await content() {
                skipped += bytes.count
                guard skipped <= limits.surroundings else { throw Self.malformed("has too much before its first part") }
            }
        case .body: while try await content() != nil {}
        case .delimiter: break
        case .end: return nil
        }
        guard try await line(limit: 256, closing: true) != nil else {
            place = .end
            try await skipEpilogue()
            return nil
        }
        count += 1
        guard count <= limits.parts else {
            throw SaveError(.tooLarge, "the multipart body has more than \(limits.parts) parts: send fewer fields")
        }
        let part = try await header()
        place = .body
        let number = count
        return MultipartPart(header: part, body: ByteStream(length: nil) { try await self.content(of: number) })
    }

    /// RFC 2046, 5.1.1: 1 to 70 characters of a small set, no space at the end.
    private static func isBoundary(_ boundary: [UInt8]) -> Bool {
        (1...70).contains(boundary.count) && boundary.last != 0x20
            && boundary.allSatisfy { ASCII.isAlphanumeric($0) || "'()+_,-./:=? ".utf8.contains($0) }
    }

    static func malformed(_ reason: String) -> SaveError {
        SaveError(.invalidRequest, "the multipart body \(reason): send it again, as the client's library builds it")
    }
}

// MARK: - Bodies

extension MultipartReader {
    private func content(of part: Int) async throws -> [UInt8]? {
        // The consumer has gone on to another part: the rest of this one is gone.
        guard part == count, place == .body else { return nil }
        return try await content()
    }

    /// The next bytes before a delimiter; nil once the delimiter itself has been consumed.
    private func content() async throws -> [UInt8]? {
        while true {
            switch search() {
            case .delimiter(let index) where index == start:
                start += delimiter.count
                place = .delimiter
                return nil
            case .delimiter(let index): return take(upTo: index)
            case .clear(let index) where index > start: return take(upTo: index)
            case .clear:
                guard try await fill() else { throw Self.malformed("ends before its last part does") }
            }
        }
    }

    private enum Found {
        /// A delimiter starts here.
        case delimiter(Int)
        /// No delimiter starts before this place.
        case clear(Int)
    }

    /// Looks for the delimiter. Only a line end can start one, so most bytes are compared with one value.
    private func search() -> Found {
        buffer.withUnsafeBufferPointer { bytes in
            var index = start
            while index < bytes.count {
                guard bytes[index] == 0x0D else {
                    index += 1
                    continue
                }
                var matched = 1
                while matched < delimiter.count, index + matched < bytes.count, bytes[index + matched] == delimiter[matched] {
                    matched += 1
                }
                if matched == delimiter.count { return .delimiter(index) }
                if index + matched == bytes.count { return .clear(index) }
                // The delimiter has one carriage return, its first byte: no other can start within what matched.
                index += matched
            }
            return .clear(bytes.count)
        }
    }

    private func take(upTo end: Int) -> [UInt8] {
        defer { start = end }
        return Array(buffer[start..<end])
    }

    /// Adds the next bytes of the body to the buffer; false at its end.
    private func fill() async throws -> Bool {
        guard !isSourceAtEnd else { return false }
        guard let bytes = try await source.next() else {
            isSourceAtEnd = true
            return false
        }
        buffer.removeFirst(start)
        start = 0
        buffer.append(contentsOf: bytes)
        return true
    }

    private func skipEpilogue() async throws {
        var skipped = buffer.count - start
        buffer = []
        start = 0
        while skipped <= limits.surroundings {
            guard try await fill() else { return }
            skipped += buffer.count
            start = buffer.count
        }
        throw Self.malformed("has too much after its last part")
    }
}

// MARK: - Lines

extension MultipartReader {
    /// The bytes up to the next line end, which is consumed.
    ///
    /// - Parameter closing: this is the rest of a delimiter's line. It holds white space only; nil when it begins with two
    ///   dashes, which close the body.
    private func line(limit: Int, closing: Bool = false) async throws -> [UInt8]? {
        var checked = start
        while true {
            if closing, buffer.count - start >= 2, buffer[start] == UInt8(ascii: "-"), buffer[start + 1] == UInt8(ascii: "-") {
                start += 2
                return nil
            }
            while checked + 1 < buffer.count, checked - start <= limit {
                guard buffer[checked] == 0x0D, buffer[checked + 1] == 0x0A else {
                    checked += 1
                    continue
                }
                let line = take(upTo: checked)
                start += 2
                guard !closing || line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
                    throw Self.malformed("has text behind a boundary")
                }
                return line
            }
            guard checked - start <= limit else { throw Self.malformed("has a line that is too long") }
            let done = checked - start
            guard try await fill() else { throw Self.malformed("ends before its last part does") }
            checked = start + done
        }
    }

    private func header() async throws -> MultipartHeader {
        var header = MultipartHeader.Builder()
        var left = limits.partHeaders
        while let line = try await line(limit: left), !line.isEmpty {
            left -= line.count
            guard left > 0 else { throw Self.malformed("has a part with headers that are too long") }
            try header.add(line)
        }
        return try header.finish()
    }
}
