/// Which methods a path of a repository has, for `Allow`: those that its format makes a route of, as far as the kind of
/// repository lets them through. Who asks does not matter: it is a property of the resource.
enum AllowedMethods {
    /// The value of the field, in the order of the alphabet; nil where there is nothing at the path.
    static func field(of path: RequestPath, in repository: Repository) -> String? {
        var names: Set<String> = []
        for method in [HTTPMethod.get, .post, .put, .patch, .delete] {
            // Without the query: it chooses among what there is.
            guard let route = try? repository.format.route(FormatRequest(method: method, path: path)) else { continue }
            switch route {
            case .index, .asset, .redirect, .identity, .fixed: names.formUnion(["GET", "HEAD"])
            case .upload, .session, .retract, .delete:
                guard repository.record.kind == .hosted else { continue }
                names.formUnion(method == .get ? ["GET", "HEAD"] : [method.name])
            }
        }
        return names.isEmpty ? nil : names.union(["OPTIONS"]).sorted().joined(separator: ", ")
    }

    /// The same error, saying which methods there are. To OPTIONS every path that has one has that one, too.
    static func refusal(_ error: any Error, of method: HTTPMethod, _ path: RequestPath, in repository: Repository) -> any Error {
        guard let refused = error as? SaveError, method == .options || refused.code == .methodNotAllowed,
            let allow = field(of: path, in: repository)
        else { return error }
        return SaveError(.methodNotAllowed, refused.message, details: ["allow": allow])
    }
}
