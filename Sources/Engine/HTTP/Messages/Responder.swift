/// Answers requests. The server's front calls it on its own thread; an answer that needs no waiting must be given
/// without suspending, so that the front can send it at once.
package protocol Responder: Sendable {
    /// Never throws: every failure is an answer.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// The answer to a request without a body, where it is in memory, without as much as a task; nil to ask `respond`.
    ///
    /// What it gives must be what `respond` would give.
    func immediateResponse(to request: HTTPRequest) -> HTTPResponse?
}
