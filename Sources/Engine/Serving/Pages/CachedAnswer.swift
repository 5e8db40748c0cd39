internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// An answer that is given more than once: complete, with its validators, and with what it depends on. A class, because it is
/// handed around with every request.
final class CachedAnswer: ReadyAnswer {
    /// 200 with everything; of what is sent in pieces without its body.
    let response: HTTPResponse
    /// Makes the body of what is sent in pieces, for one client.
    private let body: (@Sendable () throws -> ByteStream)?
    /// 304 with the headers that RFC 9110, 15.4.5 asks for.
    let notModified: HTTPResponse
    /// With its quotes; always strong.
    let etag: String
    let lastModified: Timestamp?
    let validity: CacheValidity
    /// Bytes of memory, about.
    let cost: Int
    /// Pages are not files.
    var download: DownloadSubject? { nil }

    init(
        response: HTTPResponse, etag: String, lastModified: Timestamp?, validity: CacheValidity, cost: Int = 1024,
        body: (@Sendable () throws -> ByteStream)? = nil
    ) {
        var response = response
        if body == nil { response.prepared = PreparedSlot() }
        self.body = body
        var notModified = HTTPResponse(status: 304)
        for name in ["ETag", "Cache-Control", "Vary", "Last-Modified"] {
            if let value = response.headers[name] { notModified.headers.append(name, value) }
        }
        notModified.prepared = PreparedSlot()
        self.response = response
        self.notModified = notModified
        self.etag = etag
        self.lastModified = lastModified
        self.validity = validity
        self.cost = cost
    }

    private init(_ earlier: CachedAnswer, _ validity: CacheValidity) {
        response = earlier.response
        body = earlier.body
        notModified = earlier.notModified
        etag = earlier.etag
        lastModified = earlier.lastModified
        cost = earlier.cost
        self.validity = validity
    }

    /// The same answer, which was found to be the right one again.
    func holding(as validity: CacheValidity) -> CachedAnswer { CachedAnswer(self, validity) }

    /// The answer to a read: whole, or 304 where the client's copy is current.
    func response(to request: HTTPRequest) -> HTTPResponse {
        if Preconditions.isCurrent(request, etag: etag, lastModified: lastModified) { return notModified }
        guard let body else { return response }
        var response = response
        do { response.body = .stream(try body()) } catch {
            return .refusal(503, "there is no memory for this page now: ask again")
        }
        return response
    }

    /// Whether it is in memory as it is sent.
    var isWhole: Bool { body == nil }
}
