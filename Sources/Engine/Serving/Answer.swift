internal import SaveAudit
internal import SaveHTTP
internal import SaveRepositories

/// What a handler has for a request.
enum Reply: Sendable {
    /// It is in memory and goes out without anything being waited for, to everyone who asks the same.
    case ready(any ReadyAnswer)
    /// It has to be made, fetched or carried out first.
    case pending(@Sendable () async throws -> Answer)
}

/// An answer that is in memory and can be given to many requests.
protocol ReadyAnswer: AnyObject, Sendable {
    var validity: CacheValidity { get }
    /// The file that it gives out, where that is to be recorded.
    var download: DownloadSubject? { get }

    /// The whole answer, a part of it, or 304: what the request's conditions and range ask for.
    func response(to request: HTTPRequest) -> HTTPResponse
}

/// The answer to one request, with what is noted of it.
struct Answer: Sendable {
    let response: HTTPResponse
    /// The file that it gives out, where that is to be recorded.
    let download: DownloadSubject?
    /// What it rests on; nothing, for what is neither a page nor a file.
    let validity: CacheValidity
    /// Whether it was in memory before the request came.
    let isFromMemory: Bool

    init(_ response: HTTPResponse, download: DownloadSubject? = nil) {
        self.response = response
        self.download = download
        validity = CacheValidity()
        isFromMemory = false
    }

    /// - Parameter validity: that of `ready`, which callers have looked at before.
    init(_ ready: any ReadyAnswer, validity: CacheValidity, isFromMemory: Bool, to request: HTTPRequest) {
        response = ready.response(to: request)
        download = ready.download
        self.validity = validity
        self.isFromMemory = isFromMemory
    }
}
