internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Which methods a path of a repository has, for `Allow`: those that its format makes a route of, as far as the kind of
/// repository lets them through. The caller does not matter: it is a property of the resource.
enum AllowedMethods {
    /// The value of the field, in the order of the alphabet; nil where there is nothing at the path.
    ///
    /// - Parameter isPast: the repository is read as it was, and takes nothing.
    /// - Throws: what a loaded format's calls end with that does not come back.
    static func field(of path: RequestPath, in repository: Repository, isPast: Bool) async throws -> String? {
        // Without the query: it chooses among what there is.
        let routes = try await repository.format.ask { format in
            [HTTPMethod.get, .post, .put, .patch, .delete].compactMap { method in
                (try? format.route(FormatRequest(method: method, path: path))).map { (method, $0) }
            }
        }
        var names: Set<String> = []
        for (method, route) in routes {
            switch route {
            case .index, .asset, .checksum, .redirect, .identity, .staticDocument: names.formUnion(["GET", "HEAD"])
            case .lookup: names.insert(method.name)
            case .upload, .session, .unpublish, .delete, .deleteAll:
                guard repository.record.kind == .hosted, !isPast else { continue }
                names.formUnion(method == .get ? ["GET", "HEAD"] : [method.name])
            }
        }
        return names.isEmpty ? nil : names.union(["OPTIONS"]).sorted().joined(separator: ", ")
    }

    /// The same error, saying which methods there are. To OPTIONS every path that has one has that one, too.
    static func refusal(
        _ error: any Error, of method: HTTPMethod, _ path: RequestPath, in repository: Repository, isPast: Bool
    ) async -> any Error {
        guard let refused = error as? SaveError, ErrorResponder.isRefusal(error),
            method == .options || refused.code == .methodNotAllowed,
            let allow = try? await field(of: path, in: repository, isPast: isPast)
        else { return error }
        return SaveError(.methodNotAllowed, refused.message, details: ["allow": allow])
    }
}
