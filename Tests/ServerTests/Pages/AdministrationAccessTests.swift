internal import Foundation
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import SaveUI
import Synchronization
import Testing

/// Every page and every form of administration before every caller.
@Suite struct AdministrationAccessTests {
    private static let callers = [nil, "nobody", "stranger", "viewer", "developer", "owner", "auditor", "admin"]

    /// The callers that get a page.
    private enum Readers {
        /// Those who look after something; for a project, those who look after it.
        case managers
        /// The same without auditors.
        case makers
        case inspectors, administrators

        func include(_ name: String?, _ project: String?) -> Bool {
            let owns = project == nil ? name == "owner" || name == "stranger" : name == "owner"
            return switch self {
            case .managers: owns || name == "auditor" || name == "admin"
            case .makers: owns || name == "admin"
            case .inspectors: name == "auditor" || name == "admin"
            case .administrators: name == "admin"
            }
        }
    }

    private struct Page {
        let pattern: String
        let readers: Readers
        var paths: [String] = []
    }

    private static let pages: [Page] = [
        Page(pattern: "/admin", readers: .managers),
        Page(pattern: "/admin/projects", readers: .managers, paths: ["/admin/projects", "/admin/projects?q=o"]),
        Page(pattern: "/admin/projects/{project}", readers: .managers, paths: ["/admin/projects/PROJECT"]),
        Page(pattern: "/admin/repositories", readers: .managers),
        Page(
            pattern: "/admin/repositories/new", readers: .makers,
            paths: ["/admin/repositories/new"]
                + ["hosted", "proxy", "group"].map { "/admin/repositories/new?format=pypi&kind=\($0)" }),
        Page(
            pattern: "/admin/repositories/{project}/{repository}", readers: .managers,
            paths: ["pypi-hosted", "pypi-proxy", "npm-group", "raw-proxy"].map { "/admin/repositories/PROJECT/\($0)" }),
        Page(
            pattern: "/admin/repositories/{project}/{repository}/packages", readers: .managers,
            paths: [
                "pypi-hosted/packages", "pypi-hosted/packages?package=demo", "npm-group/packages?package=demo",
                "raw-hosted/packages", "pypi-hosted/packages?package=demo&version=1.0",
                "pypi-hosted/packages?package=demo&version=1.0&file=\(AccessWorld.wheel.filename)",
                "npm-hosted/packages?package=demo&version=1.0.0",
            ]
            .map { "/admin/repositories/PROJECT/\($0)" }),
        Page(pattern: "/admin/users", readers: .inspectors, paths: ["/admin/users", "/admin/users?q=a"]),
        Page(pattern: "/admin/users/{username}", readers: .inspectors, paths: ["/admin/users/subject"]),
        Page(pattern: "/admin/robots", readers: .managers),
        Page(pattern: "/admin/robots/{robot}", readers: .managers, paths: ["/admin/robots/bot-PROJECT"]),
        Page(pattern: "/admin/policies", readers: .managers),
        Page(pattern: "/admin/policies/new", readers: .makers),
        Page(pattern: "/admin/policies/{id}", readers: .managers, paths: ["/admin/policies/POLICY"]),
        Page(
            pattern: "/admin/waivers", readers: .managers,
            paths: ["/admin/waivers", "/admin/waivers?state=granted", "/admin/waivers?state=all"]),
        Page(pattern: "/admin/waivers/{id}", readers: .managers, paths: ["/admin/waivers/WAIVER"]),
        Page(pattern: "/admin/waivers/openvex.json", readers: .managers),
        Page(pattern: "/admin/waivers/import", readers: .makers),
        Page(pattern: "/audit/verify", readers: .inspectors),
        Page(
            pattern: "/admin/advisories", readers: .inspectors,
            paths: ["/admin/advisories", "/admin/advisories?package=pkg:pypi/demo"]),
        Page(
            pattern: "/admin/downloads", readers: .inspectors,
            paths: ["/admin/downloads", "/admin/downloads?package=pkg:pypi/demo"]),
        Page(pattern: "/admin/jobs", readers: .administrators),
        Page(pattern: "/admin/storage", readers: .inspectors),
        Page(pattern: "/admin/server", readers: .inspectors),
        Page(
            pattern: "/audit", readers: .inspectors,
            paths: ["/audit", "/audit?actor=admin&since=2026-01-01", "/audit?outcome=denied"]),
        Page(pattern: "/audit/export.csv", readers: .inspectors), Page(pattern: "/audit/export.ndjson", readers: .inspectors),
    ]

    private func visitor(_ world: AccessWorld, _ name: String?) async throws -> Visitor {
        let visitor = Visitor(world)
        if let name { #expect(try await visitor.signIn(name).status == 303) }
        return visitor
    }

    private func path(_ template: String, _ project: String, _ world: AccessWorld) -> String {
        let known = world.keys.withLock { $0 }
        return "/ui"
            + template.replacing("PROJECT", with: project).replacing("POLICY", with: known["policy of \(project)"] ?? "999")
            .replacing("WAIVER", with: known["waiver of \(project)"] ?? "999").replacing(
                "ROBOTKEY", with: known["sa$bot-\(project)"] ?? "none"
            )
            .replacing("USERKEY", with: known["subject"] ?? "none")
    }

    /// The answer without what differs between two requests, and between two names of a project.
    private func comparable(_ answer: APIAnswer, _ project: String) -> String {
        let lines = answer.text.replacing(project, with: "PROJECT").split(separator: "\n").filter { !$0.contains("· request ") }
        return "\(answer.status) \(lines)"
    }

    @Test func `every page has a row, and every caller gets what it may see`() async throws {
        let world = try await AccessWorld()
        for name in Self.callers {
            let visitor = try await visitor(world, name)
            for page in Self.pages {
                for template in page.paths.isEmpty ? [page.pattern] : page.paths {
                    try await check(page, template, name, visitor, world)
                }
            }
        }
        let patterns = PageRoute.all.filter {
            $0.method == .get && ($0.pattern.hasPrefix("/admin") || $0.pattern.hasPrefix("/audit"))
        }
        #expect(Set(patterns.map(\.pattern)) == Set(Self.pages.map(\.pattern)))
    }

    private func check(_ page: Page, _ template: String, _ name: String?, _ visitor: Visitor, _ world: AccessWorld) async throws {
        let isOfProject = ["PROJECT", "POLICY", "WAIVER"].contains(where: template.contains)
        var unseen: [String] = []
        for project in isOfProject ? ["open", "closed", "absent"] : ["any"] {
            let answer = try await visitor.get(path(template, project, world))
            let about = "\(template) in \(project) as \(name ?? "a visitor"): \(answer.text.prefix(3000))"
            let mayRead = page.readers.include(name, isOfProject ? project : nil) && project != "absent"
            let looksAfterSomething = Readers.managers.include(name, nil)
            if name == nil {
                #expect(answer.status == 303, "\(about)")
            } else if mayRead {
                #expect(answer.status == 200, "\(about)")
                #expect(answer.bytes.count < 100_000, "\(about)")
            } else if !looksAfterSomething || !isOfProject {
                #expect(answer.status == 403, "\(about)")
            } else {
                #expect([403, 404].contains(answer.status), "\(about)")
                // What everybody may read is known; of what is not, there is no sign.
                if project != "open" {
                    #expect(answer.status == 404, "\(about)")
                    unseen.append(comparable(answer, project))
                }
            }
        }
        #expect(Set(unseen).count < 2, "\(template) as \(name ?? "a visitor"): what is hidden is not as what is missing")
    }

    // MARK: - Forms

    private struct Form {
        let pattern: String
        let senders: Readers
        let path: String
        var fields: [(String, String)] = []
        /// What a sender gets who may.
        var ok = 303
    }

    private static let robot = "/admin/robots/bot-PROJECT"
    private static let repository = "/admin/repositories/PROJECT/raw-hosted"
    private static let forms: [Form] = [
        Form(pattern: "/admin/projects", senders: .administrators, path: "/admin/projects", fields: [("name", "fresh")]),
        Form(
            pattern: "/admin/projects/{project}", senders: .makers, path: "/admin/projects/PROJECT",
            fields: [("description", "new")]),
        // It has repositories.
        Form(
            pattern: "/admin/projects/{project}/delete", senders: .makers, path: "/admin/projects/PROJECT/delete",
            fields: [("confirm", "PROJECT")], ok: 409),
        Form(
            pattern: "/admin/projects/{project}/members", senders: .makers, path: "/admin/projects/PROJECT/members",
            fields: [("principal", "subject"), ("role", "viewer")]),
        Form(
            pattern: "/admin/projects/{project}/members/remove", senders: .makers, path: "/admin/projects/PROJECT/members/remove",
            fields: [("principal", "viewer")]),
        Form(
            pattern: "/admin/repositories/new", senders: .makers, path: "/admin/repositories/new",
            fields: [
                ("project", "PROJECT"), ("name", "fresh"), ("format", "raw"), ("repository_type", "hosted"), ("online", "on"),
            ]),
        Form(
            pattern: "/admin/repositories/{project}/{repository}", senders: .makers, path: repository,
            fields: [("description", "new")]),
        Form(
            pattern: "/admin/repositories/{project}/{repository}/probe", senders: .makers,
            path: "/admin/repositories/PROJECT/pypi-proxy/probe", ok: 200),
        Form(
            pattern: "/admin/repositories/{project}/{repository}/invalidate", senders: .makers,
            path: "/admin/repositories/PROJECT/pypi-proxy/invalidate"),
        Form(
            pattern: "/admin/repositories/{project}/{repository}/delete", senders: .makers, path: repository + "/delete",
            fields: [("confirm", "raw-hosted"), ("force", "on"), ("names", "release")]),
        Form(
            pattern: "/admin/users", senders: .administrators, path: "/admin/users",
            fields: [("username", "fresh"), ("password", "long enough"), ("role", "user")]),
        Form(
            pattern: "/admin/users/{username}", senders: .administrators, path: "/admin/users/subject",
            fields: [("role", "auditor")]),
        Form(
            pattern: "/admin/users/{username}/password", senders: .administrators, path: "/admin/users/subject/password",
            fields: [("password", "long enough")]),
        Form(
            pattern: "/admin/users/{username}/delete", senders: .administrators, path: "/admin/users/subject/delete",
            fields: [("confirm", "subject")]),
        Form(
            pattern: "/admin/users/{username}/keys/{id}/revoke", senders: .administrators,
            path: "/admin/users/subject/keys/USERKEY/revoke"),
        Form(
            pattern: "/admin/robots", senders: .makers, path: "/admin/robots",
            fields: [("name", "fresh"), ("project", "PROJECT")]),
        Form(pattern: "/admin/robots/{robot}", senders: .makers, path: robot, fields: [("description", "new")]),
        Form(
            pattern: "/admin/robots/{robot}/delete", senders: .makers, path: robot + "/delete",
            fields: [("confirm", "bot-PROJECT")]),
        Form(
            pattern: "/admin/robots/{robot}/keys", senders: .makers, path: robot + "/keys",
            fields: [("description", "new"), ("may", ""), ("days", "30")], ok: 201),
        Form(
            pattern: "/admin/robots/{robot}/keys/{id}/rotate", senders: .makers, path: robot + "/keys/ROBOTKEY/rotate", ok: 201),
        Form(pattern: "/admin/robots/{robot}/keys/{id}/revoke", senders: .makers, path: robot + "/keys/ROBOTKEY/revoke"),
        Form(
            pattern: "/admin/policies/new", senders: .makers, path: "/admin/policies/new",
            fields: [("name", "fresh"), ("scope", "project:PROJECT"), ("action", "deny"), ("enabled", "on")]),
        Form(
            pattern: "/admin/policies/{id}", senders: .makers, path: "/admin/policies/POLICY",
            fields: [("name", "rule"), ("action", "warn"), ("priority", "1000")]),
        Form(
            pattern: "/admin/policies/{id}/delete", senders: .makers, path: "/admin/policies/POLICY/delete",
            fields: [("confirm", "rule")]),
        Form(
            pattern: "/admin/waivers/{id}", senders: .makers, path: "/admin/waivers/WAIVER",
            fields: [("reason", "new"), ("until", "2030-01-01"), ("way", "grant")]),
        Form(pattern: "/admin/waivers/{id}/grant", senders: .makers, path: "/admin/waivers/WAIVER/grant"),
        Form(pattern: "/admin/waivers/{id}/end", senders: .makers, path: "/admin/waivers/WAIVER/end"),
        // There are no sources.
        Form(pattern: "/admin/advisories/fetch", senders: .administrators, path: "/admin/advisories/fetch", ok: 409),
        Form(pattern: "/admin/jobs/verify", senders: .administrators, path: "/admin/jobs/verify"),
        Form(pattern: "/admin/jobs/{id}/cancel", senders: .administrators, path: "/admin/jobs/absent/cancel", ok: 404),
        Form(
            pattern: "/admin/storage/collect", senders: .administrators, path: "/admin/storage/collect",
            fields: [("dry_run", "true")], ok: 200),
    ]

    /// Forms about a package, a version and a file.
    private static let packageForms: [Form] = [
        content("packages/yank"), content("packages/unyank"), content("packages/delete", [("confirm", "demo")]),
        content("packages/delete-version", [("confirm", "1.0")]), content("packages/status", [("status", "archived")]),
        content("packages/attributes", [("attributes", "{\"requires-python\":\">=3.9\"}")]),
        content("packages/release-name", [("file", AccessWorld.retired.filename)]),
        content("files/yank", [("file", AccessWorld.wheel.filename)]),
        content("files/unyank", [("file", AccessWorld.wheel.filename)]),
        content("files/delete", [("file", AccessWorld.wheel.filename), ("confirm", AccessWorld.wheel.filename)]),
    ]

    private static func content(_ what: String, _ fields: [(String, String)] = []) -> Form {
        Form(
            pattern: "/admin/repositories/{project}/{repository}/\(what)", senders: .makers,
            path: "/admin/repositories/PROJECT/pypi-hosted/\(what)", fields: [("package", "demo"), ("version", "1.0")] + fields)
    }

    @Test func `every form has a row, and does nothing for callers that may not`() async throws {
        var world = try await AccessWorld()
        for form in Self.forms + Self.packageForms {
            for name in Self.callers {
                for project in form.path.contains("PROJECT") || form.path.contains("POLICY") || form.path.contains("WAIVER")
                    || form.fields.contains(where: { $0.1.contains("PROJECT") }) ? ["closed", "absent"] : ["any"]
                {
                    let visitor = try await visitor(world, name)
                    let token = try await visitor.hidden("form_token", on: name == nil ? "/ui/login" : "/ui/account")
                    let before = try await world.state()
                    let fields =
                        form.fields.map { ($0.0, $0.1.replacing("PROJECT", with: project)) } + [
                            ("form_id", "\(form.path) \(project)")
                        ]
                    let answer = try await visitor.post(path(form.path, project, world), fields, token: token)
                    let about =
                        "\(form.pattern) in \(project) as \(name ?? "a visitor"): \(answer.status) \(answer.text.prefix(4000))"
                    // An administrator who names a project that is not there makes it.
                    let isMade = form.path == "/admin/repositories/new" && name == "admin"
                    let may = form.senders.include(name, project == "any" ? nil : project) && (project != "absent" || isMade)
                    if may {
                        #expect(answer.status == form.ok, "\(about)")
                        if form.ok == 303 || form.ok == 201 { world = try await AccessWorld() }
                    } else {
                        #expect([400, 403, 404].contains(answer.status), "\(about)")
                        #expect(try await world.state() == before, "\(about)")
                    }
                }
            }
        }
        let routes = PageRoute.all.filter { $0.method == .post && $0.pattern.hasPrefix("/admin") }
        #expect(
            Set(routes.map(\.pattern))
                == Set(
                    (Self.forms + Self.packageForms).map(\.pattern) + ["/admin/advisories/import", "/admin/waivers/import"]))
    }

    @Test func `the way to administration is shown to those who look after something, and leads to what they may see`()
        async throws
    {
        let world = try await AccessWorld()
        for name in Self.callers {
            let visitor = try await visitor(world, name)
            let home = try await visitor.get("/ui/").text
            #expect(home.contains("href=\"/ui/admin\"") == Readers.managers.include(name, nil), "\(name ?? "a visitor")")
            #expect(home.contains("href=\"/ui/audit\"") == Readers.inspectors.include(name, nil), "\(name ?? "a visitor")")
            guard Readers.managers.include(name, nil) else { continue }
            let overview = try await visitor.get("/ui/admin").text
            for part in overview.components(separatedBy: " href=\"/ui/admin/").dropFirst() {
                let link = "/ui/admin/" + part.prefix { $0 != "\"" }
                #expect(try await visitor.get(link).status == 200, "\(link) as \(name ?? "")")
            }
            #expect(overview.contains("/ui/admin/users") == Readers.inspectors.include(name, nil))
        }
    }

    @Test func `what somebody does not manage is on no list of administration`() async throws {
        let world = try await AccessWorld()
        let stranger = try await visitor(world, "stranger")
        for path in [
            "projects", "repositories", "robots", "policies", "waivers?state=all", "repositories/new?format=pypi&kind=group",
        ] {
            let text = try await stranger.get("/ui/admin/\(path)").text
            #expect(!text.contains("closed") && !text.contains("/open/"), "\(path)")
        }
    }
}
