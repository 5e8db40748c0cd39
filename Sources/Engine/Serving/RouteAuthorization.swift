internal import SaveAccess
internal import SaveHTTP
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

    /// Whether the sender may do what was asked, and sent a token for it, if it sent one.
    ///
    /// - Throws: as above; `unauthenticated` for a token that is for something else, to which its client asks for another one.
    static func check(_ resolved: ResolvedRequest) throws(SaveError) {
        try check(resolved.route, on: resolved.repository, for: resolved.principal, granted: resolved.granted)
        guard let grants = resolved.sender.grants else { return }
        let package = resolved.repository.descriptor.mount?.packageName(in: resolved.request.rawPath)
        guard grants.contain(permission(for: resolved.route), to: package) else {
            throw SaveError(.unauthenticated, "the token is not for this: ask for one with the scope of the challenge")
        }
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
