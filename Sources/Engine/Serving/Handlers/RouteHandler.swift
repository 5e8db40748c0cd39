internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform

/// Answers the routes of one kind, for callers who may ask for them.
protocol RouteHandler: Sendable {
    /// What there is for a request: looks into memory, and at what the request asks for, but waits for nothing.
    ///
    /// - Throws: `notAcceptable`, and what else can be said without waiting.
    func reply(to resolved: ResolvedRequest) throws -> Reply
}

/// The handler of each route.
struct RouteHandlers: Sendable {
    let indexes: any RouteHandler
    let files: any RouteHandler
    let checksums: any RouteHandler
    let writes: any RouteHandler
    let lookups: any RouteHandler
    let redirects: any RouteHandler
    let documents: any RouteHandler

    subscript(route: Route) -> any RouteHandler {
        switch route {
        case .index: indexes
        case .asset: files
        case .checksum: checksums
        case .upload, .session, .unpublish, .delete, .deleteAll: writes
        case .lookup: lookups
        case .redirect: redirects
        case .identity, .staticDocument: documents
        }
    }
}

/// Answers requests about credentials, which are not authenticated as others are.
protocol SignInHandling: Sendable {
    /// The answer; nil for a request about something else.
    ///
    /// - Throws: `unauthenticated`, `repositoryNotFound`, `invalidRequest`.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse?
}

/// Answers what is above all repositories: lists of them, and what mounts say by themselves.
protocol RootHandling: Sendable {
    /// The answer; nil for a request about a repository.
    ///
    /// - Throws: `unauthenticated`, `notFound`, `methodNotAllowed`, `notAcceptable`.
    func answer(_ request: HTTPRequest, from sender: Authentication) throws -> HTTPResponse?
}

extension SaveError {
    /// A route came to a handler that has nothing to do with it.
    static let misrouted = SaveError(.internalFailure, "a route reached the handler of another kind of routes")
}
