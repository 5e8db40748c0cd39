@testable import SaveAPI
import SaveAccess
import SavePlatform
import SaveStorage
import Testing

/// Classes of bad input, sent to every route that takes such input: each is refused with the field's name, and nothing is
/// changed.
struct APIBadInputTests {
    private static let routes = RouteTable.complete.routes
    private static let withBody = routes.filter { $0.body != nil }
    private static let withQuery = routes.filter { !$0.query.isEmpty }
    private static let withVariables = routes.filter { !$0.pattern.variables.isEmpty }

    private func server() async throws -> APIServer {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")])
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        _ = try await server.send("POST", "/policies", body: #"{"name":"made","action":"deny","match":{"younger_than":"7d"}}"#)
        _ = try await server.send(
            "POST", "/waivers",
            body:
                #"{"package":"pkg:notes/alpha@1","policy":"made","project":"backend","reason":"r","until":"2030-01-01T00:00:00Z"}"#
        )
        return server
    }

    /// The path of a route about what there is.
    private func path(_ route: APIRoute, _ server: APIServer) -> String {
        let policy = server.catalogue.current.policies.first?.id ?? 0
        let waiver = server.catalogue.current.waivers.first?.id ?? 0
        switch route.pattern.text {
        case "/policies/{id}": return "/policies/\(policy)"
        case "/waivers/{id}": return "/waivers/\(waiver)"
        default: return route.examplePath
        }
    }

    /// What was changed since a server was made.
    private func changes(_ server: APIServer) async throws -> [String] {
        let made = ["robot.create", "waiver.request"]
        return try await server.audit().filter { $0.outcome == .ok && !made.contains($0.action) && $0.resource != "made" }.map(
            \.action)
    }

    @Test("C04 C06 H08 a value of the wrong kind is refused wherever a body has it", arguments: withBody.indices)
    func bodies(index: Int) async throws {
        let route = Self.withBody[index]
        let server = try await server()
        for field in route.body?.fields ?? [] {
            for value in BadValues.json(field.rule, nullable: field.isNullable) {
                let rest = (route.body?.examples.first?.value ?? [:]).members.filter { $0.key != field.name }
                let members = rest.map { "\"\($0.key)\":\($0.value.text)" } + ["\"\(field.name)\":\(value)"]
                let body = "{" + members.joined(separator: ",") + "}"
                let answer = try await server.send(route.method.name, path(route, server), body: body)
                let place: Comment = "\(route.method.name) \(route.pattern.text) \(field.name): \(value.prefix(60))"
                #expect(answer.status == 400, place)
                if (try? JSONValue(parsing: Array(body.utf8))) != nil {
                    #expect(answer.field?.hasPrefix(field.name) == true, place)
                }
            }
        }
        #expect(try await changes(server) == [])
    }

    @Test("C01 C04 C05 C08 a body that is no object of known fields is refused by every route", arguments: withBody.indices)
    func shapes(index: Int) async throws {
        let route = Self.withBody[index]
        let server = try await server()
        let first = route.body?.fields.first?.name ?? ""
        for body in [
            "[]", "null", "1", "\"x\"", "{", "{}{}", "{\"surprise\":1}", "{\"\(first)\":1,\"\(first)\":1}",
            "{\"\(first)\u{0}\":1}",
            "\u{FEFF}{}", String(repeating: "[", count: 5000), "{\"\(first)\":" + String(repeating: "{\"a\":", count: 100),
        ] {
            let answer = try await server.send(route.method.name, path(route, server), body: body)
            #expect(answer.status == 400, "\(route.method.name) \(route.pattern.text): \(body.prefix(60))")
        }
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"] {
            let answer = try await server.send(
                route.method.name, path(route, server), body: "{}",
                headers: ["Content-Type": type, "Origin": "https://evil.example"])
            #expect(answer.status == 415)
            #expect(answer.headers["Access-Control-Allow-Origin"] == nil)
        }
        #expect(try await changes(server) == [])
    }

    @Test("H01 H05 H08 a value of the wrong kind is refused wherever a query has it", arguments: withQuery.indices)
    func queries(index: Int) async throws {
        let route = Self.withQuery[index]
        let server = try await server()
        for field in route.query {
            for value in BadValues.query(field.rule) {
                let answer = try await server.send(route.method.name, "\(route.examplePath)?\(field.name)=\(value)")
                #expect(answer.status == 400, "\(route.method.name) \(route.pattern.text) \(field.name)=\(value.prefix(60))")
                #expect(answer.code == "invalid_request")
            }
        }
        for query in ["offset=1", "sort=name", "order=1", "LIMIT=1", "q[]=1", "=", String(repeating: "a&", count: 200)] {
            #expect(try await server.send(route.method.name, "\(route.examplePath)?\(query)").status == 400, "\(query)")
        }
        #expect(try await changes(server) == [])
    }

    @Test("H01 H09 a path that only looks like one finds nothing", arguments: withVariables.indices)
    func paths(index: Int) async throws {
        let route = Self.withVariables[index]
        let server = try await server()
        let body = route.body.map { JSONValue.object($0.examples.first?.value ?? [:]).text }
        for name in [
            "%20", "backend%20", "BACKEND", "b%D0%B0ckend", "%EF%BD%82ackend", "-1", "0", "null", "*", "%2A",
            "%27%20OR%201%3D1--",
            "%24%7B7*7%7D", "%7B%7B7*7%7D%7D", "%25n%25s", String(repeating: "a", count: 255), "e%CC%81", "%E2%80%AEa",
        ] {
            for variable in route.pattern.variables.prefix(1) {
                let path = route.pattern.text.replacing("{\(variable)}", with: name)
                let answer = try await server.send(route.method.name, RouteExamples.fill(path), body: body)
                #expect(answer.status == 404, "\(route.method.name) \(path)")
            }
        }
        #expect(try await changes(server) == [])
    }
}
