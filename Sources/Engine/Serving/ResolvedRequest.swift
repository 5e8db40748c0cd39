internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A request whose repository and route are known. What comes after works with these, and looks nothing up by name again.
struct ResolvedRequest: Sendable {
    let request: HTTPRequest
    let sender: Authentication
    let repository: Repository
    let route: Route
    /// As of when the repository is read; nil for now.
    let asOf: Timestamp?
    /// What the sender may do in the repository. Whether that is enough for the route, `RouteAuthorization` says.
    let granted: Permissions
    let catalogue: CatalogueSnapshot

    var principal: Principal { sender.principal }

    init(
        _ request: HTTPRequest, _ sender: Authentication, _ repository: Repository, _ route: Route,
        _ catalogue: CatalogueSnapshot, asOf: Timestamp? = nil
    ) {
        self.asOf = asOf
        self.request = request
        self.sender = sender
        self.repository = repository
        self.route = route
        self.catalogue = catalogue
        granted = AccessPolicy.permissions(of: sender.principal, on: repository, in: catalogue)
    }
}

/// Finds the repository and the route of a request.
protocol RequestResolving: Sendable {
    /// A read whose target was resolved before, for any caller; nil for all others. Never waits.
    func known(_ request: HTTPRequest, _ sender: Authentication) -> ResolvedRequest?

    /// - Throws: `unauthenticated` or `repositoryNotFound` where there is nothing that the sender may read, and what the format
    ///   throws for a path or a method that it does not have.
    func resolve(_ request: HTTPRequest, _ sender: Authentication) async throws -> ResolvedRequest
}
