@testable import SaveAPI
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

struct APIDescriptionTests {
    @Test func `the description has every route, and no other`() async throws {
        let server = try await APIServer()
        let answer = try await server.send("GET", "/openapi.json", as: "nobody")
        #expect(answer["openapi"] == "3.1.0")
        let paths = try #require(answer["paths"]?.object)
        let described = paths.members.flatMap { path in
            (path.value.object?.keys ?? []).map { "\($0.uppercased()) \(path.key)" }
        }
        let routes = RouteTable.complete.routes.map { "\($0.method.name) /api/v1\($0.pattern.text)" }
        #expect(Set(described) == Set(routes))
        #expect(described.count == routes.count)
    }

    @Test func `every reference in the description leads somewhere`() async throws {
        let answer = try await APIServer().send("GET", "/openapi.json")
        let schemas = try #require(answer["components"]?.object?["schemas"]?.object)
        func references(_ value: JSONValue) -> [String] {
            switch value {
            case .object(let object):
                object.members.flatMap { $0.key == "$ref" ? [$0.value.string ?? ""] : references($0.value) }
            case .array(let values): values.flatMap(references)
            default: []
            }
        }
        let found = Set(references(answer.json)).filter { $0.hasPrefix("#/components/schemas/") }
        #expect(found.count > 20)
        for reference in found { #expect(schemas[String(reference.dropFirst(21))] != nil, "\(reference)") }
        for route in RouteTable.complete.routes {
            if let name = route.answer { #expect(schemas[name] != nil, "\(name)") }
        }
        let operations = Set(RouteTable.complete.routes.map { "\($0.method.name) \($0.pattern.text)" })
        #expect(operations.count == RouteTable.complete.routes.count)
    }

    /// `APIServer.send` compares each with the description.
    @Test func `whatever can be read is as the description says`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")])
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        let own = try await server.send("POST", "/user/keys", body: #"{"scopes":[{"permissions":["read"]}]}"#)["id"]?.string ?? ""
        let robots = try await server.send("POST", "/robots/ci/keys", body: "{}")["id"]?.string ?? ""
        let job = try #require(try await server.send("POST", "/admin/verify")["id"]?.string)
        let policy = try await server.send(
            "POST", "/policies", body: #"{"name":"p","action":"deny","match":{"packages":["a-*"]}}"#)
        let waiver = try await server.send(
            "POST", "/waivers",
            body:
                #"{"package":"pkg:notes/a-1@1","policy":"p","project":"backend","reason":"r","until":"2030-01-01T00:00:00Z"}"#)
        let proxy = try #require(server.catalogue.current.repository(project: "backend", name: "proxy"))
        server.operations.refuse(
            RefusalReport(
                id: 17, repository: proxy, policy: try #require(server.catalogue.current.policies.first), package: "a-1",
                version: "1", file: nil, firstRefused: server.clock.platform.now(), now: PackageVerdict(),
                waivers: server.catalogue.current.waivers, packageURL: try PackageURL("pkg:notes/a-1@1")))
        let keys = [
            "/waivers/{id}": "/waivers/\(waiver["id"]?.integer ?? 0)", "/refusals/{id}": "/refusals/17",
            "/policies/{id}": "/policies/\(policy["id"]?.integer ?? 0)",
            "/advisories": "/advisories?package=pkg:notes/alpha@1", "/advisories/{advisory}": "/advisories/a-1",
            "/osv/v1/vulns/{advisory}": "/osv/v1/vulns/A-1", "/jobs/{id}": "/jobs/\(job)",
            "/downloads": "/downloads?package=pkg:notes/alpha",
            "/user/keys/{id}": "/user/keys/\(own)", "/users/{username}/keys/{id}": "/users/root/keys/\(own)",
            "/robots/{name}/keys/{id}": "/robots/ci/keys/\(robots)",
        ]
        let record =
            #"{"id":"A-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Notes","name":"alpha"}}]}"#
        let took = try await server.send("POST", "/advisories", body: record, headers: ["Content-Type": "application/zip"])
        #expect(took.status == 200)
        for route in RouteTable.complete.routes where route.method == .get {
            let path = keys[route.pattern.text] ?? route.examplePath
            #expect(try await server.send("GET", path).status == 200, "\(route.pattern.text)")
        }
        for path in ["/repos/backend/proxy", "/repos/backend/all"] {
            _ = try await server.send(
                "POST", "/repos",
                body:
                    #"{"project":"backend","name":"all","format":"notes","repository_type":"group","members":["backend/proxy"]}"#)
            #expect(try await server.send("GET", path).status == 200)
        }
    }

    @Test func `formats are listed with what they can do`() async throws {
        let answer = try await APIServer().send("GET", "/formats", as: "nobody")
        #expect(answer.items.compactMap { $0.object?["id"]?.string } == ["notes", "plain"])
        #expect(answer.items.last?.object?["abilities"] == ["hosted"])
    }

    @Test func `formats say where they came from, and the path to callers that may see inside the server`() async throws {
        let server = try await APIServer()
        for (user, path) in [
            ("nobody", JSONValue.null), ("owner", .null), ("eve", "/plugins/plain.so"), ("root", "/plugins/plain.so"),
        ] {
            let formats = try await server.send("GET", "/formats", as: user).items.compactMap(\.object)
            #expect(formats.map { $0["origin"] } == ["compiled_in", "loaded"])
            #expect(formats.map { $0["path"] } == [.null, path])
        }
    }

    @Test func `sizes are told and garbage is collected`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")])
        let stats = try await server.send("GET", "/admin/stats", as: "eve")
        #expect(stats["files"]?.integer ?? 0 > 0)
        #expect(stats["physical_bytes"] == 1000)
        #expect(stats["reclaimable_bytes"] == 7)
        #expect(stats["measured"] == .null)
        for isDry in [true, false] {
            let collected = try await server.send("POST", "/admin/gc?dry_run=\(isDry)")
            #expect(collected.status == 200)
            #expect(collected["dry_run"] == .bool(isDry))
        }
        #expect(try await server.send("POST", "/admin/gc", body: "{}").status == 400)
        #expect(try await server.audit().filter { $0.outcome == .ok }.map(\.action) == ["system.gc", "system.gc"])
    }
}
