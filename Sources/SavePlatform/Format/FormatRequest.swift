/// What a format sees of a request: no credentials, no addresses, no body.
public struct FormatRequest: Sendable {
    /// The method, as it came; HEAD is answered by the platform from what GET means.
    public let method: HTTPMethod
    /// The path below the repository.
    public let path: RequestPath
    /// The query, decoded. `Allow` is made of what the format answers without one.
    public let query: QueryItems
    /// `Content-Type` of the body, if any.
    public let contentType: String?

    package init(method: HTTPMethod, path: RequestPath, query: QueryItems = QueryItems(), contentType: String? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.contentType = contentType
    }
}

extension FormatRequest {
    /// The route, where the method reads.
    ///
    /// - Throws: `methodNotAllowed` for other methods.
    public func reading(_ route: @autoclosure () throws -> Route) throws -> Route {
        guard method.isRead else { throw SaveError.methodNotAllowed("GET, HEAD") }
        return try route()
    }
}
