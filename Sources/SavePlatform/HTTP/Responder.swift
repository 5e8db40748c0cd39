/// Answers requests. The server's front calls it on its own thread; an answer that needs no waiting must be given
/// without suspending, so that the front can send it at once.
public protocol Responder: Sendable {
    /// Never throws: every failure is an answer.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}
