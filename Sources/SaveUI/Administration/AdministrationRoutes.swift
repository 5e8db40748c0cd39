internal import SaveHTTP
internal import SavePlatform

/// All pages and forms of administration. Each is for people who look after something; what they may do there, the REST API decides.
enum AdministrationRoutes {
    static let all: [PageRoute] = frame + projects + repositories + packages + accounts + policies + server

    private static let repository = "/admin/repositories/{project}/{repository}"

    private static func get(_ pattern: String, _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer) -> PageRoute {
        route(.get, pattern, answer)
    }

    /// - Parameter action: what the audit trail calls what the form does, as the REST API does.
    private static func post(
        _ pattern: String, _ action: String, _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer
    ) -> PageRoute { route(.post, pattern, action: action, answer) }

    private static func route(
        _ method: HTTPMethod, _ pattern: String, takesFile: Bool = false, action: String? = nil,
        _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer
    ) -> PageRoute {
        PageRoute(method, pattern, needsSession: true, takesFile: takesFile, action: action) { call in
            try call.viewer.requireAdministration()
            return try await answer(call)
        }
    }

    private static let frame = [get("/admin", AdministrationPage.overview)]

    private static let projects = [
        get("/admin/projects", ProjectPages.list),
        post("/admin/projects", "project.create", ProjectPages.create),
        get("/admin/projects/{project}", ProjectPages.page),
        post("/admin/projects/{project}", "project.update", ProjectPages.change),
        post("/admin/projects/{project}/delete", "project.delete", ProjectPages.delete),
        post("/admin/projects/{project}/members", "member.put", ProjectMembers.put),
        post("/admin/projects/{project}/members/remove", "member.delete", ProjectMembers.remove),
    ]

    private static let repositories = [
        get("/admin/repositories", RepositoryTable.list),
        get("/admin/repositories/new", NewRepository.page),
        post("/admin/repositories/new", "repository.create", NewRepository.create),
        get("/admin/repositories/{project}/{repository}", RepositorySettings.page),
        post("/admin/repositories/{project}/{repository}", "repository.update", RepositorySettings.change),
        post("/admin/repositories/{project}/{repository}/probe", "repository.probe", RepositorySettings.probe),
        post("/admin/repositories/{project}/{repository}/invalidate", "repository.invalidate", RepositorySettings.invalidate),
        post("/admin/repositories/{project}/{repository}/delete", "repository.delete", RepositorySettings.delete),
    ]

    private static let packages = [
        get("\(repository)/packages", PackageAdministration.page),
        post("\(repository)/packages/yank", "package.yank", VersionAdministration.yank),
        post("\(repository)/packages/unyank", "package.unyank", VersionAdministration.unyank),
        post("\(repository)/packages/delete", "package.delete", PackageAdministration.delete),
        post("\(repository)/packages/delete-version", "package.delete_version", VersionAdministration.delete),
        post("\(repository)/packages/status", "package.update", PackageAttributes.setStatus),
        post("\(repository)/packages/attributes", "package.update", PackageAttributes.set),
        post("\(repository)/packages/release-name", "file.release_name", RetiredNames.release),
        post("\(repository)/files/yank", "file.yank", FileAdministration.yank),
        post("\(repository)/files/unyank", "file.unyank", FileAdministration.unyank),
        post("\(repository)/files/delete", "file.delete", FileAdministration.delete),
    ]

    private static let accounts = [
        get("/admin/users", UserPages.list),
        post("/admin/users", "user.create", UserPages.create),
        get("/admin/users/{username}", UserPages.page),
        post("/admin/users/{username}", "user.update", UserPages.change),
        post("/admin/users/{username}/password", "user.password", UserPages.setPassword),
        post("/admin/users/{username}/delete", "user.delete", UserPages.delete),
        post("/admin/users/{username}/keys/{id}/revoke", "key.delete", UserPages.revoke),
        get("/admin/robots", RobotPages.list),
        post("/admin/robots", "robot.create", RobotPages.create),
        get("/admin/robots/{robot}", RobotPages.page),
        post("/admin/robots/{robot}", "robot.update", RobotPages.change),
        post("/admin/robots/{robot}/delete", "robot.delete", RobotPages.delete),
        post("/admin/robots/{robot}/keys", "key.create", KeyPages.make),
        post("/admin/robots/{robot}/keys/{id}/rotate", "key.rotate", KeyPages.rotate),
        post("/admin/robots/{robot}/keys/{id}/revoke", "key.delete", KeyPages.revoke),
    ]

    private static let policies = [
        get("/admin/policies", PolicyPages.list),
        get("/admin/policies/new", PolicyPages.new),
        post("/admin/policies/new", "policy.create", PolicyPages.create),
        get("/admin/policies/{id}", PolicyPages.page),
        post("/admin/policies/{id}", "policy.update", PolicyPages.change),
        post("/admin/policies/{id}/delete", "policy.delete", PolicyPages.delete),
        get("/admin/waivers", WaiverPages.list),
        get("/admin/waivers/openvex.json", WaiverPages.export),
        get("/admin/waivers/import", WaiverImport.page),
        route(.post, "/admin/waivers/import", takesFile: true, action: "waiver.import", WaiverImport.bring),
        get("/admin/waivers/{id}", WaiverPages.page),
        post("/admin/waivers/{id}", "waiver.update", WaiverPages.change),
        post("/admin/waivers/{id}/grant", "waiver.update", WaiverPages.grant),
        post("/admin/waivers/{id}/end", "waiver.delete", WaiverPages.end),
    ]

    private static let server = [
        get("/audit", AuditPage.answer),
        get("/audit/verify", AuditPage.verify),
        get("/audit/export.csv", AuditPage.export),
        get("/audit/export.ndjson", AuditPage.export),
        get("/admin/advisories", AdvisoryPages.page),
        post("/admin/advisories/fetch", "advisories.fetch", AdvisoryPages.fetch),
        route(.post, "/admin/advisories/import", takesFile: true, action: "advisories.import", AdvisoryPages.bring),
        get("/admin/downloads", DownloadPage.answer),
        get("/admin/jobs", JobPages.list),
        post("/admin/jobs/verify", "system.verify", JobPages.verify),
        post("/admin/jobs/{id}/cancel", "job.cancel", JobPages.cancel),
        get("/admin/storage", StoragePage.answer),
        post("/admin/storage/collect", "system.gc", StoragePage.collect),
        get("/admin/server", ServerPage.answer),
    ]
}
