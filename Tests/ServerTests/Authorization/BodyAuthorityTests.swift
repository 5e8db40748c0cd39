import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

/// What a body names is decided about like what a path names.
@Suite struct BodyAuthorityTests {
    /// What the server makes, or what only exists inside of it.
    private static let neverSent = [
        "id", "is_admin", "password_hash", "permissions", "created_at", "updated_at", "owner", "key", "hash", "url",
        "resolved_url",
        "upstream_state", "project_id", "sealed_password", "kind",
    ]

    @Test func `G13 no change takes a field that is not its own, and names the one it refuses`() async throws {
        let world = try await AccessWorld()
        let routes = RouteTable.complete.routes
        let known = Set(routes.flatMap { $0.body?.fields.map(\.name) ?? [] })
        for row in APIExpectations.rows where row.method != "GET" {
            let route = try #require(routes.first { "\($0.method.name) \($0.pattern.text)" == row.request })
            // A body that is no object of fields.
            guard route.payload == nil else { continue }
            let own = Set(route.body?.fields.map(\.name) ?? [])
            let (path, body) = world.fill(row, row.profile.targets[0], .admin)
            let before = try await world.state()
            for field in known.union(Self.neverSent).subtracting(own).sorted() {
                let start = body.map { $0 == "{}" ? "{" : $0.dropLast() + "," } ?? "{"
                let answer = try await world.change(row.method, path, as: .admin, "\(start)\"\(field)\":1}")
                #expect(answer.status == 400, "\(row.request) with \(field): \(answer.text)")
                guard route.body != nil else { continue }
                #expect(answer.field == field, "\(row.request)")
            }
            #expect(try await world.state() == before, "\(row.request)")
        }
    }

    @Test(arguments: [
        ("POST", "/user/keys", #"{"scopes":[{"resource":"open","permissions":["read"],"owner":"admin"}]}"#, "scopes[0].owner"),
        ("PATCH", "/repos/open/pypi-hosted", #"{"settings":{"anonymous_read":true}}"#, "anonymous_read"),
        (
            "PATCH", "/repos/open/pypi-hosted/packages/demo", #"{"attributes":{"uploaded_by":"admin"}}"#, "attributes.uploaded_by"
        ),
    ]) func `G13 nor does anything inside of a field`(method: String, path: String, body: String, field: String) async throws {
        let world = try await AccessWorld()
        let before = try await world.state()
        let answer = try await world.change(method, path, as: .owner, body)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.field?.hasSuffix(field) == true, "\(answer.text)")
        #expect(try await world.state() == before)
    }

    /// Bodies in which an owner names something of another project; `X` stands for the project's name.
    private static let reaching = [
        (
            "POST", "/repos",
            #"{"project":"open","name":"x","format":"pypi","repository_type":"group","members":["X/pypi-hosted"]}"#
        ),
        ("PATCH", "/repos/open/pypi-group", #"{"members":["open/pypi-hosted","X/pypi-hosted"]}"#),
        ("POST", "/repos", #"{"project":"X","name":"x","format":"pypi","repository_type":"hosted"}"#),
        ("POST", "/robots", #"{"name":"x","project":"X"}"#),
        ("POST", "/policies", #"{"name":"x","scope":"project:X","action":"deny","match":{}}"#),
        ("POST", "/policies", #"{"name":"x","scope":"repository:X/pypi-hosted","action":"deny","match":{}}"#),
        ("POST", "/policies/evaluate", #"{"repository":"X/pypi-hosted","packages":["pkg:pypi/demo@1.0"]}"#),
        (
            "POST", "/waivers",
            #"{"package":"pkg:pypi/demo@1.0","policy":"rule","project":"X","reason":"r","until":"2030-01-01T00:00:00Z"}"#
        ),
        ("POST", "/waivers/import?project=X&policy=rule&until=2030-01-01T00:00:00Z", "{}"),
        ("POST", "/user/keys", #"{"scopes":[{"resource":"X","permissions":["read"]}]}"#),
        ("POST", "/user/keys", #"{"scopes":[{"resource":"X/pypi-hosted","permissions":["read"]}]}"#),
        ("POST", "/robots/bot-open/keys", #"{"scopes":[{"resource":"X","permissions":["read"]}]}"#),
        ("PUT", "/projects/open/members/sa$bot-X", #"{"role":"viewer"}"#),
    ]

    @Test func `G17 G18 another project named in a body is one that does not exist`() async throws {
        let world = try await AccessWorld()
        let before = try await world.state()
        for (method, path, body) in Self.reaching {
            var answers: [String] = []
            // The same number of letters, so that nothing but what is known can differ.
            for project in ["elsewhere", "neverhere"] {
                let answer = try await world.change(
                    method, path.replacing("X", with: project), as: .owner, body.replacing("X", with: project))
                #expect((400...404).contains(answer.status), "\(method) \(path) \(body): \(answer.text)")
                answers.append("\(answer.status) \(answer.comparable.replacing(project, with: "X"))")
            }
            #expect(answers[0] == answers[1], "\(method) \(path) \(body)")
        }
        #expect(try await world.state() == before)
    }

    @Test func `G16 no key does more than its owner, and none makes another`() async throws {
        let world = try await AccessWorld()
        for (asker, scope) in [
            (Asker.viewer, #"{"resource":"open","permissions":["write"]}"#),
            (.developer, #"{"resource":"open","permissions":["delete"]}"#),
            (.owner, #"{"resource":"elsewhere","permissions":["read"]}"#),
            (.auditor, #"{"resource":null,"permissions":["read","write"]}"#),
        ] {
            let answer = try await world.change("POST", "/user/keys", as: asker, "{\"scopes\":[\(scope)]}")
            #expect(answer.status == 403, "\(asker) \(scope): \(answer.text)")
        }
        let whole = try await world.addKey(of: .user("owner"))
        try await world.catalogue.reload()
        let minted = try await world.change(
            "POST", "/user/keys", as: .anonymous, "{}", headers: [("Authorization", "Bearer \(whole)")])
        #expect(minted.status == 403)
        // That a key which reads neither publishes nor deletes nor manages is the column `scoped` of the matrix.
    }

    @Test func `G18 G20 a group is hidden from who may not read every member, everywhere`() async throws {
        let world = try await AccessWorld()
        let made = try await world.change(
            "POST", "/repos", as: .admin,
            #"{"project":"open","name":"all","format":"pypi","repository_type":"group","anonymous_read":true,"members":["open/pypi-hosted","closed/pypi-hosted"]}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let paths = [
            "/pypi/open/all/simple/", "/pypi/open/all/simple/demo/", "/pypi/open/all/packages/demo/\(AccessWorld.wheel.filename)",
            "/api/v1/repos/open/all", "/api/v1/repos/open/all/packages", "/api/v1/repos/open/all/packages/demo/explain",
        ]
        for path in paths {
            for asker in [Asker.nobody, .stranger] {
                #expect(await world.send("GET", path, as: asker).status == 404, "\(path) as \(asker)")
            }
            #expect(await world.send("GET", path, as: .anonymous).status == 401, "\(path)")
            #expect(await world.send("GET", path, as: .viewer).status == 200, "\(path)")
        }
        for path in ["/api/v1/repos?q=open/all", "/api/v1/repos?project=open&repository_type=group"] {
            let list = try await APIAnswer(await world.send("GET", path, as: .nobody))
            #expect(!list.items.contains { $0.object?["name"] == "all" }, "\(path)")
        }
    }
}
