internal import SaveHTTP
internal import SaveStorage

/// Takes note of what the data plane did: in the audit trail, in counters, and for the renewal of what is in use.
protocol RequestRecording: AnyObject, Sendable {
    /// Notes that an account is signed in. Never blocks.
    func noteSignIn(of principal: Principal, _ request: HTTPRequest)

    /// Notes an answer that goes out to a caller. Never blocks.
    func noteAnswer(_ answer: Answer, to principal: Principal, _ request: HTTPRequest)

    /// Records a refusal of a request whose repository and route are not known.
    func noteRefusal(_ error: any Error, of request: HTTPRequest, from principal: Principal) async

    /// Records a refusal of a request whose repository its sender may read.
    func noteRefusal(_ error: any Error, of resolved: ResolvedRequest) async
}

/// Turns errors into answers that a format's clients read.
protocol ErrorRendering: Sendable {
    /// - Parameter onlyJSON: whether what was asked for comes as JSON only: then the client reads nothing else.
    func answer(_ error: any Error, _ request: HTTPRequest, onlyJSON: Bool) -> HTTPResponse
}
