internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// All routes of the API.
struct RouteTable: Sendable {
    let groups: [RouteGroup]
    let routes: [APIRoute]

    init(groups: [RouteGroup]) {
        self.groups = groups
        routes = groups.flatMap(\.routes)
    }

    /// The one table.
    static let complete = RouteTable(groups: [
        RouteGroup(
            "Projects", "Owners of repositories, and the roles that accounts have there.", ProjectRoutes.all + MemberRoutes.all),
        RouteGroup("Repositories", "Hosted, proxy and group repositories.", RepositoryRoutes.all + UpstreamRoutes.all),
        RouteGroup(
            "Packages", "What is in repositories, and where it comes from.",
            PackageRoutes.all + FileRoutes.all + ExplainRoutes.all + PackageChangeRoutes.all + PackageRemovalRoutes.all
                + RetiredNameRoutes.all),
        RouteGroup(
            "Policies", "Rules that keep files from clients, exceptions from them, and what they refused.",
            PolicyRoutes.all + WaiverRoutes.all + RefusalRoutes.all),
        RouteGroup("Users", "People's accounts.", UserRoutes.all),
        RouteGroup("Robots and keys", "Machines' accounts, and the API keys of both.", RobotRoutes.all + KeyRoutes.all),
        RouteGroup("Caller", "Who is asking.", CurrentUserRoutes.all),
        RouteGroup(
            "Audit", "Changes, sign-ins and downloads, with the accounts that made them.", AuditRoutes.all + DownloadRoutes.all),
        RouteGroup(
            "Advisories", "Which packages are vulnerable or do harm.", AdvisoryRoutes.all + OSVRoutes.all),
        RouteGroup(
            "Server", "Sizes, upkeep, formats and this description.",
            MaintenanceRoutes.all + JobRoutes.all + DescriptionRoutes.all),
    ])

    /// The routes of a path, in every method, with the values of its variables. A word of a pattern is not the value of another
    /// one's variable: `/policies/evaluate` is no policy.
    func routes(at path: ArraySlice<String>) -> [(route: APIRoute, arguments: [String: String])] {
        let found = routes.compactMap { route in route.pattern.match(path).map { (route: route, arguments: $0) } }
        let fewest = found.map(\.arguments.count).min()
        return found.filter { $0.arguments.count == fewest }
    }

    /// Decodes a path below `/api/v1` once. Packages of many formats have slashes in their names, so one that is encoded there is a slash of
    /// the name: `/repos/backend/oci/packages/team%2Fapp`.
    ///
    /// - Throws: what `RequestPath` throws; `invalidRequest` for an encoded slash in anything but the name of a package.
    func path(decoding raw: ArraySlice<UInt8>) throws -> RequestPath {
        let path = try RequestPath(keepingEscapedSlashes: raw)
        var segments = path.segments
        let encoded = segments.indices.filter { PathPattern.hasEncodedSlash(segments[$0]) }
        guard !encoded.isEmpty else { return path }
        let packages = Set(routes(at: segments.dropFirst(2)).compactMap { $0.route.pattern.placeOfPackage })
        for index in encoded {
            guard packages.contains(index - 2) else {
                throw SaveError(
                    .invalidRequest,
                    "the path has an encoded slash, which stands only in the name of a package: write another name")
            }
            segments[index] = PathPattern.withPlainSlashes(segments[index])
        }
        return RequestPath(segments: segments, endsInSlash: path.endsInSlash)
    }

    /// The `Allow` field for some routes of one path.
    static func allow(_ routes: [APIRoute]) -> String {
        var methods = Set(routes.map(\.method.name))
        if methods.contains("GET") { methods.insert("HEAD") }
        methods.insert("OPTIONS")
        return methods.sorted().joined(separator: ", ")
    }
}

/// Routes that belong together in the documentation.
struct RouteGroup: Sendable {
    let name: String
    let summary: String
    let routes: [APIRoute]

    init(_ name: String, _ summary: String, _ routes: [APIRoute]) {
        self.name = name
        self.summary = summary
        self.routes = routes
    }
}

extension APICall {
    /// Refuses what repositories of a kind do not have.
    ///
    /// - Throws: `methodNotAllowed` with the methods that the path has for that kind.
    func requireKind(of repository: Repository) throws {
        let kind = repository.record.kind
        guard !route.kinds.contains(kind) else { return }
        let possible = RouteTable.complete.routes.filter { $0.pattern == route.pattern && $0.kinds.contains(kind) }
        throw SaveError(
            .methodNotAllowed, "a \(kind.rawValue) repository does not allow this; change the member that has it",
            details: ["allow": RouteTable.allow(possible)])
    }
}
