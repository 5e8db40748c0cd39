internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Whether a caller may do what a route asks for: the only place that says so.
enum RouteAuthorization {
    /// The permission that a route needs.
    static func permission(for route: Route) -> Permission {
        switch route {
        case .index, .asset, .checksum, .redirect, .identity, .lookup, .staticDocument: .read
        case .upload, .session: .write
        case .unpublish, .delete, .deleteAll: .delete
        }
    }

    /// - Parameter granted: what the caller may do in the repository (`AccessPolicy.permissions`).
    /// - Throws: `unauthenticated` for a caller without credentials; `repositoryNotFound` for one who may not read the repository,
    ///   as if it did not exist; `forbidden` for one who may read it, but not this.
    static func check(
        _ route: Route, on repository: Repository, for principal: Principal, granted: Permissions
    ) throws(SaveError) {
        if repository.isPublicDocument(route) { return }
        try check(permission(for: route), on: repository, for: principal, granted: granted)
    }

    /// The same for a permission, where the route is not known yet.
    static func check(
        _ permission: Permission, on repository: Repository, for principal: Principal, granted: Permissions
    ) throws(SaveError) {
        if let error = AccessPolicy.decide(permission, on: repository, for: principal, granted: granted).error { throw error }
    }
}

extension Repository {
    /// Whether a route reads a public document, which a private repository may have as well.
    func isPublicDocument(_ route: Route) -> Bool {
        guard case .index(let index, _) = route else { return false }
        return isPublicDocument(index)
    }

    func isPublicDocument(_ index: IndexKey) -> Bool {
        guard case .document(_, isPublic: true) = index else { return false }
        return descriptor.abilities.contains(.publicDocuments)
    }
}
