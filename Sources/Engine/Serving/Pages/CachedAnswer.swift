internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// An answer that is given more than once: complete, with its validators, and with what it depends on. A class, because it is
/// handed around with every request.
final class CachedAnswer: ReadyAnswer {
    /// 200 with everything; of a page that is sent in pieces without its body.
    let response: HTTPResponse
    /// Makes the body of a page that is sent in pieces, for one client.
    private let body: (@Sendable () throws -> ByteStream)?
    /// 304 with the headers that RFC 9110, 15.4.5 asks for.
    let notModified: HTTPResponse
    /// With its quotes; always strong.
    let etag: String
    let lastModified: Timestamp?
    let freshness: CacheValidity
    /// Bytes of memory, about.
    let cost: Int
    /// Pages are not files.
    var download: DownloadSubject? { nil }

    init(
        response: HTTPResponse, etag: String, lastModified: Timestamp?, freshness: CacheValidity, cost: Int = 1024,
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
        self.freshness = freshness
        self.cost = cost
    }

    private init(_ earlier: CachedAnswer, _ freshness: CacheValidity) {
        response = earlier.response
        body = earlier.body
        notModified = earlier.notModified
        etag = earlier.etag
        lastModified = earlier.lastModified
        cost = earlier.cost
        self.freshness = freshness
    }

    /// The same answer, which was found to be the right one again.
    func holding(as freshness: CacheValidity) -> CachedAnswer { CachedAnswer(self, freshness) }

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
