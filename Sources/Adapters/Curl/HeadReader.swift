internal import SavePlatform

/// The status and the fields of a final response.
struct ResponseHead: Sendable {
    var status = 0
    var headers = HTTPHeaders()
}

/// Puts a response's head together from the lines that curl hands out.
struct HeadReader {
    let maxSize: Int
    let maxFields: Int
    private var head = ResponseHead()
    private var size = 0
    private(set) var isComplete = false

    init(maxSize: Int, maxFields: Int) {
        self.maxSize = maxSize
        self.maxFields = maxFields
    }

    /// Takes one line with its end. Returns the head once the final response's is complete; lines after that are trailers
    /// and are dropped.
    ///
    /// - Throws: `upstreamInvalid` past the limits, and for what is not a header field (RFC 9110, 5.1 and 5.5; a folded
    ///   line among them, which RFC 9112, 5.2 lets nobody send any more).
    mutating func read(_ line: UnsafeRawBufferPointer) throws -> ResponseHead? {
        size += line.count
        guard size <= maxSize else { throw invalid("larger than \(maxSize) bytes") }
        if isComplete { return nil }
        var text = line[...]
        while let last = text.last, last == 0x0D || last == 0x0A { text = text.dropLast() }
        if text.starts(with: "HTTP/".utf8) {
            head = ResponseHead(status: status(of: text), headers: HTTPHeaders())
            return nil
        }
        if text.isEmpty {
            // RFC 9110, 15.2: interim responses come before the final one.
            guard head.status >= 200 else { return nil }
            guard head.status <= 999 else { throw invalid("without a status") }
            try checkLengths()
            isComplete = true
            return head
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex,
            text[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw invalid("with a malformed field") }
        var value = text[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw invalid("with a control character") }
        guard head.headers.count < maxFields else { throw invalid("of more than \(maxFields) fields") }
        head.headers.append(
            name: UnsafeRawBufferPointer(rebasing: text[..<colon]), value: UnsafeRawBufferPointer(rebasing: value))
        return nil
    }

    private func status(of line: Slice<UnsafeRawBufferPointer>) -> Int {
        let digits = line.drop { $0 != 0x20 }.dropFirst().prefix { ASCII.isDigit($0) }
        return digits.count == 3 ? digits.reduce(0) { $0 * 10 + Int($1 - 48) } : 1000
    }

    /// RFC 9112, 6.3: different lengths are an error that cannot be mended.
    private func checkLengths() throws {
        let lengths = head.headers.values(of: "Content-Length")
        guard let first = lengths.first else { return }
        guard first.utf8.allSatisfy(ASCII.isDigit), Int64(first) != nil, lengths.allSatisfy({ $0 == first }) else {
            throw invalid("with a wrong Content-Length")
        }
    }

    private func invalid(_ what: String) -> SaveError {
        SaveError(.upstreamInvalid, "the upstream answered with a header \(what): check what is in front of it")
    }
}

extension ResponseHead {
    /// `Content-Length`, where it is what ends the body (RFC 9112, 6.3).
    var announcedLength: Int64? {
        headers.bytes(of: "Transfer-Encoding") == nil ? headers["Content-Length"].flatMap { Int64($0) } : nil
    }

    /// The codings that the content went through, in small letters.
    var codings: [String] {
        headers.values(of: "Content-Encoding").flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }
            .map { ASCII.lowercased(String(decoding: $0.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)) }
            .filter { $0 != "identity" && !$0.isEmpty }
    }

    /// The target of a redirect that a GET or HEAD follows (RFC 9110, 15.4), as it stands in the header.
    var redirect: String? {
        [301, 302, 303, 307, 308].contains(status) ? headers["Location"] : nil
    }
}
