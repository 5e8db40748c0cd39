internal import CMicrohttpd
internal import SavePlatform

/// A request's header section, checked harder than the library checks it.
///
/// RFC 9112, 11.2 (request smuggling): whatever two parsers may read differently is refused, not repaired.
struct RequestHead {
    let method: HTTPMethod
    /// The path and the query, as they came.
    let target: [UInt8]
    let headers: HTTPHeaders
    /// nil for a chunked body.
    let contentLength: Int64?
    let expectsContinue: Bool

    var hasBody: Bool { contentLength != 0 }

    /// Sizes in bytes.
    struct Limits {
        let header, target: Int
        let body: Int64?
    }

    struct Refusal: Error {
        let status: Int
        let line: String
        init(_ status: Int, _ line: String) {
            self.status = status
            self.line = line
        }
    }

    /// Reads and checks the header section of the request that is being handled.
    static func read(
        _ connection: OpaquePointer, target: [UInt8], at location: TargetLocation, method: UnsafePointer<CChar>,
        version: UnsafePointer<CChar>,
        limits: Limits
    ) throws(Refusal) -> RequestHead {
        let size = save_mhd_header_size(connection)
        if target.count > limits.target {
            throw Refusal(414, "the request target is longer than \(limits.target) bytes: shorten the URL")
        }
        if size > limits.header {
            throw Refusal(431, "the header section is larger than \(limits.header) bytes: send fewer or shorter fields")
        }
        guard location.follows(method), location.precedes(version), target.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Refusal(
                400, "the request line is malformed: it is a method, a target and a version with one space between each")
        }

        var fields = FieldReader(next: UInt(bitPattern: version) &+ 10, size: size)
        // SAFETY: the library calls the closure before it returns, with this pointer, on this thread.
        _ = withUnsafeMutablePointer(to: &fields) { fields in
            MHD_get_connection_values_n(connection, .HEADER_KIND, collectField, fields)
        }
        if let problem = fields.problem { throw Refusal(400, problem) }
        // Every byte of the section is accounted for: nothing lies between the last field and the empty line.
        guard fields.next &+ 2 == UInt(bitPattern: method) &+ UInt(size) else {
            throw Refusal(
                400, "the header section is malformed: each field is a name, a colon and a value in one line that CRLF ends")
        }
        let isHTTP11 = version[5] == 0x31 && version[7] != 0x30
        return try fields.head(
            method: HTTPMethod(String(cString: method)), target: target, isHTTP11: isHTTP11, limits: limits)
    }
}

/// Where the library found the request target, before it cut it up.
struct TargetLocation {
    let address: UInt
    let length: Int

    /// Exactly one space, and no NUL, between the method and the target.
    func follows(_ method: UnsafePointer<CChar>) -> Bool {
        var end = method
        while end.pointee != 0 {
            guard FieldReader.isToken(UInt8(bitPattern: end.pointee)) else { return false }
            end += 1
        }
        return end > method && UInt(bitPattern: end) &+ 1 == address
    }

    /// Exactly one space, and no NUL, between the target and the version.
    func precedes(_ version: UnsafePointer<CChar>) -> Bool {
        length > 0 && address &+ UInt(length) &+ 1 == UInt(bitPattern: version)
    }
}

private func collectField(
    context: UnsafeMutableRawPointer?, kind: MHD_ValueKind, name: UnsafePointer<CChar>?, nameSize: Int,
    value: UnsafePointer<CChar>?, valueSize: Int
) -> MHD_Result {
    guard let context, let name, let value else { return .NO }
    // SAFETY: `context` is the reader that `RequestHead.read` lends for the time of the iteration.
    let reader = context.assumingMemoryBound(to: FieldReader.self)
    return reader.pointee.add(
        UnsafeRawBufferPointer(start: name, count: nameSize), UnsafeRawBufferPointer(start: value, count: valueSize))
        ? .YES : .NO
}

/// Walks through the fields as they lie in memory. The library ends names and values with NUL in place, so a field that
/// does not begin where the one before it ended had a NUL, a bare line feed or a continuation line in it.
struct FieldReader {
    private var headers = HTTPHeaders()
    private(set) var problem: String?
    private(set) var next: UInt
    private var hosts = 0
    private var isHostValid = true
    private var authorizations = 0
    private var lengths = 0
    private var encodings = 0
    private var length: Int64 = 0
    private var isChunked = false
    private var expectations = 0
    private var expectsContinue = false
    private var isEncodedBody = false
    private var isLengthTooLarge = false

    init(next: UInt, size: Int) {
        self.next = next
        headers.reserve(fields: 12, bytes: size)
    }

    /// A character of a method or a field name (RFC 9110, 5.6.2).
    static func isToken(_ byte: UInt8) -> Bool {
        if ASCII.isAlphanumeric(byte) { return true }
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
        default: return false
        }
    }

    mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard !name.isEmpty, name.allSatisfy(Self.isToken) else {
            return refuse("a header field's name is malformed: it has letters, digits and dashes, and a colon right behind it")
        }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            return refuse("a header field has a control character: send it without")
        }
        guard isInPlace(name, value) else {
            return refuse("the header section is malformed: each field is a name, a colon and a value in one line that CRLF ends")
        }
        // RFC 9110, 5.5: "A field value does not include leading or trailing whitespace."
        var end = value.count
        while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        let trimmed = UnsafeRawBufferPointer(rebasing: value[..<end])
        headers.append(name: name, value: trimmed)
        note(name, trimmed)
        return problem == nil
    }

    private mutating func refuse(_ problem: String) -> Bool {
        self.problem = problem
        return false
    }

    private mutating func isInPlace(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard let nameStart = name.baseAddress, let valueStart = value.baseAddress else { return false }
        let start = UInt(bitPattern: nameStart), end = UInt(bitPattern: valueStart) &+ UInt(value.count)
        guard start == next, UInt(bitPattern: valueStart) > start &+ UInt(name.count) else { return false }
        // SAFETY: the library keeps the line's CR and LF, overwritten with NUL, behind the value.
        guard valueStart.load(fromByteOffset: value.count, as: UInt8.self) == 0,
            valueStart.load(fromByteOffset: value.count + 1, as: UInt8.self) == 0
        else { return false }
        next = end &+ 2
        return true
    }

    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        switch name.count {
        case 4 where matches(name, "host"):
            hosts += 1
            isHostValid = HostField.isValid(value)
        case 6 where matches(name, "expect"):
            expectations += 1
            expectsContinue = matches(value, "100-continue")
        case 13 where matches(name, "authorization"): authorizations += 1
        case 14 where matches(name, "content-length"):
            lengths += 1
            noteLength(value)
        case 16 where matches(name, "content-encoding"): isEncodedBody = isEncodedBody || !isKnownCoding(value)
        case 17 where matches(name, "transfer-encoding"):
            encodings += 1
            isChunked = matches(value, "chunked")
        default: break
        }
    }

    /// Whether a body in this coding may be of use to somebody: who is asked decides.
    private func isKnownCoding(_ value: UnsafeRawBufferPointer) -> Bool {
        matches(value, "identity") || matches(value, "gzip") || matches(value, "x-gzip")
    }

    private mutating func noteLength(_ value: UnsafeRawBufferPointer) {
        guard !value.isEmpty, value.allSatisfy(ASCII.isDigit) else {
            problem = "Content-Length is not a number"
            return
        }
        length = 0
        // More digits than the library counts: it has seen no body (hooks.c).
        isLengthTooLarge = value.count > 19
        for digit in value where !isLengthTooLarge {
            let (product, tooLarge) = length.multipliedReportingOverflow(by: 10)
            let (sum, stillTooLarge) = product.addingReportingOverflow(Int64(digit - 48))
            if tooLarge || stillTooLarge {
                isLengthTooLarge = true
                return
            }
            length = sum
        }
    }

    private func matches(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where ASCII.lowercased(bytes[index]) != text.utf8Start[index] { return false }
        return true
    }

    /// What the fields say about the body, or why the request is refused.
    func head(
        method: HTTPMethod, target: [UInt8], isHTTP11: Bool, limits: RequestHead.Limits
    ) throws(RequestHead.Refusal) -> RequestHead {
        typealias Refusal = RequestHead.Refusal
        // RFC 9112, 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
        // lacks a Host header field and to any request message that contains more than one Host header field line".
        if hosts > 1 || hosts == 0 && isHTTP11 { throw Refusal(400, "there must be exactly one Host field") }
        if !isHostValid {
            throw Refusal(400, "the Host field must be a host's name or address, and a port where it is not the usual")
        }
        let absolute = AbsoluteTarget(target)
        if let absolute, !absolute.agrees(with: headers.bytes(of: "host")) {
            throw Refusal(
                400, "the request target must name the host that the Host field names, and nobody's user name or password")
        }
        if authorizations > 1 { throw Refusal(400, "more than one Authorization field: send one") }
        if lengths > 1 { throw Refusal(400, "more than one Content-Length field: send one") }
        if encodings > 1 { throw Refusal(400, "more than one Transfer-Encoding field: send one") }
        if encodings > 0 && lengths > 0 {
            throw Refusal(400, "Transfer-Encoding and Content-Length exclude each other: send one of them")
        }
        if encodings > 0 && !isHTTP11 {
            throw Refusal(400, "Transfer-Encoding needs version 1.1 of HTTP: use that, or Content-Length")
        }
        if encodings > 0 && !isChunked {
            throw Refusal(501, "the only transfer coding is chunked: send Transfer-Encoding: chunked, or Content-Length")
        }
        if expectations > 1 || expectations == 1 && !expectsContinue {
            throw Refusal(417, "the only expectation is 100-continue: leave the Expect field out")
        }
        switch method {
        case .other("TRACE"), .other("CONNECT"):
            throw Refusal(405, "this method is not allowed: use GET, HEAD, PUT, POST, PATCH, DELETE or OPTIONS")
        default: break
        }
        let hasBody = isChunked || length > 0 || isLengthTooLarge
        if hasBody && isEncodedBody {
            throw Refusal(415, "encoded request bodies are not accepted: send the body without Content-Encoding")
        }
        if isLengthTooLarge { throw Refusal(413, "Content-Length is larger than any body may be: send less") }
        if let limit = limits.body, length > limit { throw Refusal(413, "the body is larger than \(limit) bytes: send less") }
        return RequestHead(
            method: method, target: absolute?.rest ?? target, headers: headers, contentLength: isChunked ? nil : length,
            expectsContinue: expectsContinue && isHTTP11)
    }
}
