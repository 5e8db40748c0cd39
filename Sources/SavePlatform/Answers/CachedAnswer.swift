/// An answer that is given more than once: complete, with its validators, and with what it depends on. A class, because it is
/// handed around with every request.
final class CachedAnswer: ReadyAnswer {
    /// 200 with everything.
    let response: HTTPResponse
    /// 304 with the headers that RFC 9110, 15.4.5 asks for.
    let notModified: HTTPResponse
    /// With its quotes; always strong.
    let etag: String
    let lastModified: Timestamp?
    let freshness: Freshness

    init(response: HTTPResponse, etag: String, lastModified: Timestamp?, freshness: Freshness) {
        var response = response
        response.prepared = PreparedSlot()
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
    }

    /// The answer to a read: whole, or 304 where the client's copy is current.
    func response(to request: HTTPRequest) -> HTTPResponse {
        Preconditions.isCurrent(request, etag: etag, lastModified: lastModified) ? notModified : response
    }
}
