package import SaveHTTP
package import SaveStorage

/// Says who sends a request. The one thing the pipeline knows of credentials.
package protocol RequestAuthenticating: Sendable {
    /// The sender, when no waiting is needed to know: nobody, a key, or credentials that were verified before and still
    /// hold. nil when `authenticate` must be asked. Never blocks.
    func cached(_ request: HTTPRequest) -> Authentication?

    /// Notes that a request was answered for a key without `cached` being asked. Never blocks.
    func noteUse(of key: KeyContext, by request: HTTPRequest)

    /// The sender.
    ///
    /// - Throws: `unauthenticated` for credentials that are not right, whatever is wrong with them; `tooManyRequests`
    ///   after many failures; `busy` when too many checks wait.
    func authenticate(_ request: HTTPRequest) async throws -> Authentication
}
