internal import SaveHTTP
internal import SavePlatform

/// All pages and forms of administration. Each is for people who look after something; what they may do there, the REST API decides.
enum AdministrationRoutes {
    static let all: [PageRoute] = frame + projects + repositories + accounts + policies + server

    private static func get(_ pattern: String, _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer) -> PageRoute {
        route(.get, pattern, answer)
    }

    private static func post(_ pattern: String, _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer) -> PageRoute
    {
        route(.post, pattern, answer)
    }

    private static func route(
        _ method: HTTPMethod, _ pattern: String, takesFile: Bool = false,
        _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer
    ) -> PageRoute {
        PageRoute(method, pattern, needsSession: true, takesFile: takesFile) { call in
            try call.viewer.requireAdministration()
            return try await answer(call)
        }
    }

    private static let frame = [get("/admin", AdministrationPage.overview)]

    private static let projects = [
        get("/admin/projects", ProjectPages.list),
        post("/admin/projects", ProjectPages.create),
        get("/admin/projects/{project}", ProjectPages.page),
        post("/admin/projects/{project}", ProjectPages.change),
        post("/admin/projects/{project}/delete", ProjectPages.delete),
        post("/admin/projects/{project}/members", ProjectMembers.put),
        post("/admin/projects/{project}/members/remove", ProjectMembers.remove),
    ]

    private static let repositories = [
        get("/admin/repositories", RepositoryTable.list),
        get("/admin/repositories/new", NewRepository.page),
        post("/admin/repositories/new", NewRepository.create),
        get("/admin/repositories/{project}/{repository}", RepositorySettings.page),
        post("/admin/repositories/{project}/{repository}", RepositorySettings.change),
        post("/admin/repositories/{project}/{repository}/probe", RepositorySettings.probe),
        post("/admin/repositories/{project}/{repository}/invalidate", RepositorySettings.invalidate),
        get("/admin/repositories/{project}/{repository}/packages", PackageAdministration.page),
        post("/admin/repositories/{project}/{repository}/packages", PackageAdministration.change),
        post("/admin/repositories/{project}/{repository}/delete", RepositorySettings.delete),
    ]

    private static let accounts = [
        get("/admin/users", UserPages.list),
        post("/admin/users", UserPages.create),
        get("/admin/users/{username}", UserPages.page),
        post("/admin/users/{username}", UserPages.change),
        post("/admin/users/{username}/password", UserPages.setPassword),
        post("/admin/users/{username}/delete", UserPages.delete),
        post("/admin/users/{username}/keys/{id}/revoke", UserPages.revoke),
        get("/admin/robots", RobotPages.list),
        post("/admin/robots", RobotPages.create),
        get("/admin/robots/{robot}", RobotPages.page),
        post("/admin/robots/{robot}", RobotPages.change),
        post("/admin/robots/{robot}/delete", RobotPages.delete),
        post("/admin/robots/{robot}/keys", KeyPages.make),
        post("/admin/robots/{robot}/keys/{id}/rotate", KeyPages.rotate),
        post("/admin/robots/{robot}/keys/{id}/revoke", KeyPages.revoke),
    ]

    private static let policies = [
        get("/admin/policies", PolicyPages.list),
        get("/admin/policies/new", PolicyPages.new),
        post("/admin/policies/new", PolicyPages.create),
        get("/admin/policies/{id}", PolicyPages.page),
        post("/admin/policies/{id}", PolicyPages.change),
        post("/admin/policies/{id}/delete", PolicyPages.delete),
        get("/admin/waivers", WaiverPages.list),
        get("/admin/waivers/openvex.json", WaiverPages.export),
        get("/admin/waivers/{id}", WaiverPages.page),
        post("/admin/waivers/{id}", WaiverPages.change),
        post("/admin/waivers/{id}/grant", WaiverPages.grant),
        post("/admin/waivers/{id}/end", WaiverPages.end),
    ]

    private static let server = [
        get("/audit", AuditPage.answer),
        get("/audit/verify", AuditPage.verify),
        get("/audit/export.csv", AuditPage.export),
        get("/audit/export.ndjson", AuditPage.export),
        get("/admin/advisories", AdvisoryPages.page),
        post("/admin/advisories/fetch", AdvisoryPages.fetch),
        route(.post, "/admin/advisories/import", takesFile: true, AdvisoryPages.bring),
        get("/admin/downloads", DownloadPage.answer),
        get("/admin/jobs", JobPages.list),
        post("/admin/jobs/verify", JobPages.verify),
        post("/admin/jobs/{id}/cancel", JobPages.cancel),
        get("/admin/storage", StoragePage.answer),
        post("/admin/storage/collect", StoragePage.collect),
        get("/admin/server", ServerPage.answer),
    ]
}
