@testable import SaveAPI
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Every route that changes something, once as it goes well: what it is sent, and what then stands in the trail.
struct APIAuditCompletenessTests {
    private struct Change: Sendable {
        var path: String
        var body: String?
        var type = "application/json"
        var caller = "root"
        /// What happens first.
        var before: [(method: String, path: String, body: String?)] = []
    }

    private static let package = "/repos/backend/hosted/packages/alpha"
    private static let robot = (method: "POST", path: "/robots", body: #"{"name":"ci"}"# as String?)

    private static let policy = (
        method: "POST", path: "/policies", body: #"{"name":"old","action":"deny","match":{"younger_than":"7d"}}"# as String?
    )

    private static let waiver = (
        method: "POST", path: "/waivers",
        body:
            #"{"package":"pkg:notes/alpha@1","policy":"old","project":"backend","reason":"r","until":"2030-01-01T00:00:00Z"}"#
            as String?
    )
    private static let holes = (
        method: "POST", path: "/policies", body: #"{"name":"holes","action":"deny","match":{"min_severity":"low"}}"# as String?
    )

    private static let changes: [String: Change] = [
        "POST /projects": Change(path: "/projects", body: #"{"name":"new"}"#),
        "PATCH /projects/{project}": Change(path: "/projects/other", body: #"{"description":"d"}"#),
        "DELETE /projects/{project}": Change(
            path: "/projects/gone", before: [("POST", "/projects", #"{"name":"gone"}"#)]),
        "PUT /projects/{project}/members/{principal}": Change(
            path: "/projects/backend/members/nobody", body: #"{"role":"viewer"}"#),
        "DELETE /projects/{project}/members/{principal}": Change(path: "/projects/backend/members/viewer"),
        "POST /repos": Change(
            path: "/repos", body: #"{"project":"backend","name":"new","format":"notes","repository_type":"hosted"}"#),
        "PATCH /repos/{project}/{name}": Change(path: "/repos/backend/hosted", body: #"{"description":"d"}"#),
        "DELETE /repos/{project}/{name}": Change(path: "/repos/backend/hosted?force=true"),
        "POST /repos/probe": Change(
            path: "/repos/probe",
            body:
                #"{"project":"backend","name":"new","format":"notes","repository_type":"proxy","remote_url":"https://files.example.test/"}"#
        ),
        "POST /repos/{project}/{name}/probe": Change(path: "/repos/backend/proxy/probe"),
        "POST /repos/{project}/{name}/invalidate-cache": Change(path: "/repos/backend/proxy/invalidate-cache"),
        "DELETE /repos/{project}/{name}/packages/{package}": Change(path: package),
        "PATCH /repos/{project}/{name}/packages/{package}": Change(path: package, body: #"{"attributes":{"colour":"red"}}"#),
        "DELETE /repos/{project}/{name}/packages/{package}/versions/{version}": Change(path: package + "/versions/1"),
        "PATCH /repos/{project}/{name}/packages/{package}/versions/{version}": Change(
            path: package + "/versions/1", body: #"{"attributes":{"colour":"red"}}"#),
        "PUT /repos/{project}/{name}/packages/{package}/versions/{version}/yank": Change(
            path: package + "/versions/1/yank", body: #"{"reason":"r"}"#),
        "DELETE /repos/{project}/{name}/packages/{package}/versions/{version}/yank": Change(path: package + "/versions/1/yank"),
        "DELETE /repos/{project}/{name}/packages/{package}/versions/{version}/files/{filename}": Change(
            path: package + "/versions/1/files/alpha-1.a"),
        "PUT /repos/{project}/{name}/packages/{package}/versions/{version}/files/{filename}/yank": Change(
            path: package + "/versions/1/files/alpha-1.a/yank", body: "{}"),
        "DELETE /repos/{project}/{name}/packages/{package}/versions/{version}/files/{filename}/yank": Change(
            path: package + "/versions/1/files/alpha-1.a/yank"),
        "DELETE /repos/{project}/{name}/packages/{package}/retired-names/{filename}": Change(
            path: package + "/retired-names/alpha-1.a", before: [("DELETE", package + "/versions/1/files/alpha-1.a", nil)]),
        "POST /policies": Change(
            path: "/policies", body: #"{"name":"new","scope":"project:backend","action":"deny","match":{}}"#, caller: "owner"),
        "PATCH /policies/{id}": Change(path: "/policies/{id}", body: #"{"enabled":false}"#, before: [policy]),
        "DELETE /policies/{id}": Change(path: "/policies/{id}", before: [policy]),
        "POST /waivers": Change(path: "/waivers", body: waiver.body, caller: "viewer", before: [policy]),
        "PATCH /waivers/{id}": Change(path: "/waivers/{id}", body: #"{"reason":"s"}"#, before: [policy, waiver]),
        "DELETE /waivers/{id}": Change(path: "/waivers/{id}", before: [policy, waiver]),
        "POST /waivers/import": Change(
            path: "/waivers/import?project=backend&policy=holes&until=2030-01-01T00:00:00Z",
            body:
                #"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"A"},"products":[{"@id":"pkg:notes/a@1"}],"status":"fixed"}]}"#,
            before: [holes]),
        "POST /users": Change(path: "/users", body: #"{"username":"new","password":"long enough"}"#),
        "PATCH /users/{username}": Change(path: "/users/dev", body: #"{"disabled":true}"#),
        "DELETE /users/{username}": Change(path: "/users/dev"),
        "PUT /users/{username}/password": Change(path: "/users/dev/password", body: #"{"password":"long enough"}"#),
        "POST /robots": Change(path: "/robots", body: #"{"name":"new"}"#),
        "PATCH /robots/{name}": Change(path: "/robots/ci", body: #"{"disabled":true}"#, before: [robot]),
        "DELETE /robots/{name}": Change(path: "/robots/ci", before: [robot]),
        "POST /robots/{name}/keys": Change(path: "/robots/ci/keys", body: "{}", before: [robot]),
        "DELETE /robots/{name}/keys/{id}": Change(
            path: "/robots/ci/keys/{id}", before: [robot, ("POST", "/robots/ci/keys", "{}")]),
        "POST /user/keys": Change(path: "/user/keys", body: "{}", caller: "dev"),
        "DELETE /user/keys/{id}": Change(path: "/user/keys/{id}", before: [("POST", "/user/keys", "{}")]),
        "POST /robots/{name}/keys/{id}/rotate": Change(
            path: "/robots/ci/keys/{id}/rotate", body: "{}", before: [robot, ("POST", "/robots/ci/keys", "{}")]),
        "POST /user/keys/{id}/rotate": Change(
            path: "/user/keys/{id}/rotate", body: "{}", before: [("POST", "/user/keys", "{}")]),
        "DELETE /users/{username}/keys/{id}": Change(
            path: "/users/root/keys/{id}", before: [("POST", "/user/keys", "{}")]),
        "POST /admin/gc": Change(path: "/admin/gc"),
        "POST /admin/verify": Change(path: "/admin/verify"),
        "POST /advisories/fetch": Change(path: "/advisories/fetch"),
        "POST /advisories": Change(
            path: "/advisories",
            body:
                #"{"id":"A-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Notes","name":"alpha"}}]}"#,
            type: "application/zip"),
        "POST /jobs/{id}/cancel": Change(path: "/jobs/{id}/cancel", before: [("POST", "/admin/verify", nil)]),
    ]

    private static let routes = RouteTable.complete.routes.filter { $0.action != nil }

    @Test func `M16 every route that changes something leaves exactly one record when it goes well`() async throws {
        for route in Self.routes {
            let name = "\(route.method.name) \(route.pattern.text)"
            let change = try #require(Self.changes[name], "the new route \(name) needs a line here")
            let server = try await APIServer()
            try await server.addFiles([("alpha", "1", "alpha-1.a")])
            var id = ""
            for step in change.before {
                let answer = try await server.send(step.method, step.path, body: step.body)
                #expect(answer.status < 300, "\(name): \(answer.text)")
                id = answer["id"]?.string ?? answer["id"]?.integer.map(String.init) ?? id
            }
            let before = try await server.audit().count
            let path = change.path.replacing("{id}", with: id)
            let answer = try await server.send(
                route.method.name, path, as: change.caller, body: change.body,
                headers: change.body == nil ? [:] : ["Content-Type": change.type])
            #expect(answer.status < 300, "\(name): \(answer.status) \(answer.text)")
            let records = try await server.audit().dropFirst(before)
            #expect(records.count == 1, "\(name): \(records.map(\.action))")
            let record = try #require(records.first)
            #expect(record.action == route.action && record.outcome == .ok && record.actor == change.caller, "\(name)")
            #expect(!record.resource.isEmpty && !record.requestID.isEmpty && record.sourceIP == "192.0.2.9", "\(name)")
        }
        #expect(Self.changes.count == Self.routes.count)
    }

    @Test func `M16 no change is made that the trail cannot hold`() async throws {
        for (name, change) in Self.changes {
            let server = try await APIServer()
            try await server.addFiles([("alpha", "1", "alpha-1.a")])
            var id = ""
            for step in change.before {
                let made = try await server.send(step.method, step.path, body: step.body)["id"]
                id = made?.string ?? made?.integer.map(String.init) ?? id
            }
            let before = try await server.state()
            server.store.breakTrail()
            let method = String(name.prefix { $0 != " " })
            let answer = try await server.send(
                method, change.path.replacing("{id}", with: id), as: change.caller, body: change.body,
                headers: change.body == nil ? [:] : ["Content-Type": change.type])
            #expect(answer.status == 503, "\(name): \(answer.status) \(answer.text)")
            #expect(try await server.state() == before, "\(name) was made without a record")
        }
    }
}

extension APIServer {
    /// All that changes can change, and the trail.
    fileprivate func state() async throws -> [String] {
        try await store.read { reading in
            let repositories = try reading.repositories()
            return [
                "\(try reading.projects())", "\(repositories)", "\(try reading.members().sorted { "\($0)" < "\($1)" })",
                "\(try reading.users())", "\(try reading.robots())", "\(try reading.keys().sorted { $0.id < $1.id })",
                "\(try reading.policies())", "\(try reading.waivers())", "\(try reading.lastAudit()?.sequence ?? 0)",
            ]
                + (try repositories.flatMap { repository in
                    [
                        "\(try reading.assets(repository.id, under: "", after: nil, limit: 100))",
                        "\(try reading.packages(repository.id, after: nil, limit: 100, matching: nil))",
                        "\(try reading.retiredNames(repository.id, package: PackageID(normalized: "alpha")))",
                    ]
                })
        }
    }
}
