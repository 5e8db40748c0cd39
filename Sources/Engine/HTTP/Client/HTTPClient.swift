package import SavePlatform

/// The one way out: every request to another server goes through this, with its deadlines and its address guard.
package protocol HTTPClient: Sendable {
    /// Sends a GET, a HEAD, or a POST with a body, and answers as soon as the final response's headers are there.
    ///
    /// Follows at most five redirects, none with a body, never from https to http, as far as `request.redirects` says, and sends `credentials` only to the scheme, host and port
    /// of `request.url`. Pulling the body is what makes the transfer go on; dropping the response ends it.
    ///
    /// - Throws: `upstreamForbidden` for an address that the configuration does not allow, `upstreamUnavailable` when the
    ///   server cannot be reached or does not answer in time, `upstreamInvalid` for an answer that is not HTTP, has too
    ///   many redirects or headers. Body pulls throw `upstreamUnavailable` for a stalled or cut transfer and `tooLarge`
    ///   past `maxSize`; a body shorter than its `Content-Length`, or than its coding says, never ends cleanly.
    func send(_ request: ClientRequest) async throws -> ClientResponse
}

/// A request to another server.
package struct ClientRequest: Sendable {
    package var method: HTTPMethod
    /// Absolute, http or https.
    package var url: String
    /// Sent as they are. `Accept-Encoding` is `identity` unless `decodes` is set.
    package var headers: HTTPHeaders
    package var credentials: ClientCredentials?
    /// Ask for compressed content and hand out decoded bytes; off for files, whose bytes must stay as they are.
    package var decodes: Bool
    /// The transfer waits for a reader that is slower than the upstream. Off for what is held in memory as a whole anyway: it
    /// shares one connection with others, which it must not hold up.
    package var waitsForReader: Bool
    /// Bytes of body, decoded, after which the transfer is cut.
    package var maxSize: Int64
    /// The body ends, as if it were whole, once there are so many bytes or a few more; nil for all of it.
    package var prefix: Int64?
    package var redirects: RedirectScope
    /// What a POST sends; nil for other methods. Its type is in `headers`.
    package var body: [UInt8]?

    package init(
        method: HTTPMethod = .get, url: String, headers: HTTPHeaders = HTTPHeaders(), credentials: ClientCredentials? = nil,
        decodes: Bool = false, waitsForReader: Bool? = nil, maxSize: Int64, prefix: Int64? = nil,
        redirects: RedirectScope = .anywhere, body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.credentials = credentials
        self.decodes = decodes
        self.waitsForReader = waitsForReader ?? !decodes
        self.maxSize = maxSize
        self.prefix = prefix
        self.redirects = redirects
        self.body = body
    }
}

/// Where a request lets itself be sent on to.
package enum RedirectScope: Sendable {
    case anywhere
    /// The same host and port, and from http to https on the same host. A redirect to elsewhere is not followed: it is the
    /// answer.
    case sameServer

    /// Whether a URL is on the server of `origin`: the same host and port, or the same host by https where `origin` is http.
    package static func isSameServer(_ url: String, as origin: URLOrigin) -> Bool {
        guard let target = URLOrigin(of: url) else { return false }
        return target == origin || target.host == origin.host && origin.scheme == "http" && target.scheme == "https"
    }
}

/// A user name and a password for one server.
package struct ClientCredentials: Sendable {
    package var username: String
    package var password: String
    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}

/// An answer of another server.
package struct ClientResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// Where the answer came from, after redirects.
    package let url: String
    /// `length` is the announced size where there is one and the content is not coded.
    package let body: ByteStream

    package init(status: Int, headers: HTTPHeaders, url: String, body: ByteStream) {
        self.status = status
        self.headers = headers
        self.url = url
        self.body = body
    }
}
