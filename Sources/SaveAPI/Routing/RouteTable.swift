internal import SavePlatform

/// All routes of the API.
struct RouteTable: Sendable {
    let routes: [APIRoute]

    /// The one table.
    static let complete = RouteTable(
        routes: ProjectRoutes.all + MemberRoutes.all + RepositoryRoutes.all + UpstreamRoutes.all + PackageRoutes.all
            + ExplainRoutes.all + PackageChangeRoutes.all + PackageRemovalRoutes.all + RetiredNameRoutes.all + UserRoutes.all
            + RobotRoutes.all
            + KeyRoutes.all + CurrentUserRoutes.all
            + AuditRoutes.all + MaintenanceRoutes.all + DescriptionRoutes.all)

    /// The routes of a path, in every method, with the values of its variables.
    func routes(at path: ArraySlice<String>) -> [(route: APIRoute, arguments: [String: String])] {
        routes.compactMap { route in route.pattern.match(path).map { (route, $0) } }
    }

    /// The `Allow` field for some routes of one path.
    static func allow(_ routes: [APIRoute]) -> String {
        var methods = Set(routes.map(\.method.name))
        if methods.contains("GET") { methods.insert("HEAD") }
        methods.insert("OPTIONS")
        return methods.sorted().joined(separator: ", ")
    }
}
