package import SavePlatform
internal import Synchronization

/// An answer, ready for the server's front to send.
///
/// The front adds `Date`, `Content-Length` and `Connection`, leaves out the body of an answer to HEAD, and cuts the
/// connection when a stream throws or ends early.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body
    /// Close the connection after this answer, because the request's body was not read.
    package var closesConnection = false
    /// What the front made of this response; set by the platform on answers that it gives more than once.
    package var prepared: PreparedSlot?

    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        /// A part of an open file, sent by the kernel.
        case file(OpenFile, offset: Int64, length: Int64)
        case stream(ByteStream)
    }

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The `Content-Security-Policy` of whatever publishers or upstreams wrote: it never runs as a page of this server, and no
    /// page shows it inside itself.
    package static let inertPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

    /// A short text for people.
    package static func text(_ status: Int, _ line: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": MediaType.text.value], body: .bytes(Array((line + "\n").utf8)))
    }

    /// A JSON value with a line end.
    package static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        var bytes = value.bytes
        bytes.append(UInt8(ascii: "\n"))
        return HTTPResponse(status: status, headers: ["Content-Type": MediaType.json.value], body: .bytes(bytes))
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}

/// Places where the server's front keeps its own forms of a response that is sent many times: some, so that its threads need not wait
/// for each other.
///
/// Everything that shares a slot must be the same response, byte for byte.
package final class PreparedSlot: Sendable {
    private let values = Mutex<[(any AnyObject & Sendable)?]>([])
    /// How many forms are kept at most: each of a file holds it open.
    package static let places = 2

    package init() {}

    /// What is kept, or what `make` makes, which is then kept.
    ///
    /// - Parameter thread: the number of the thread that asks. All with an even number share what is kept, and all others.
    package func value(
        for thread: Int = 0, orMake make: () -> (any AnyObject & Sendable)?
    ) -> (any AnyObject & Sendable)? {
        let place = thread & (Self.places - 1)
        return values.withLock { values in
            if place < values.count, let value = values[place] { return value }
            guard let made = make() else { return nil }
            while values.count <= place { values.append(nil) }
            values[place] = made
            return made
        }
    }
}
