@testable import SaveAPI
import SavePlatform
import SaveTestKit
import Testing

struct APIAuditTests {
    /// Ten events, one every minute, by three actors.
    private func server() async throws -> APIServer {
        let server = try await APIServer()
        for number in 0..<10 {
            let actor = try server.principal(["root", "owner", "dev"][number % 3])
            let event = AuditEvent(
                number < 5 ? "repository.create" : "file.upload", number < 5 ? "repository" : "file", "backend/r\(number)",
                outcome: number == 9 ? .denied : .ok, details: ["note": number == 7 ? "100%_sure" : "plain"])
            let time = server.clock.platform.now()
            try await server.store.write {
                try $0.record(event, AuditContext(principal: actor, sourceIP: "203.0.113.\(number)"), at: time)
            }
            server.clock.advance(seconds: 60)
        }
        return server
    }

    private func ids(_ server: APIServer, _ query: String) async throws -> [Int64] {
        try await server.send("GET", "/admin/audit?\(query)", as: "eve").items.compactMap { $0.object?["id"]?.integer }
    }

    @Test func `filters select, together, newest first`() async throws {
        let server = try await server()
        #expect(try await ids(server, "") == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(try await ids(server, "resource_type=repository&q=r3&limit=50") == [4])
        #expect(try await ids(server, "resource=backend/r2") == [3])
        #expect(try await ids(server, "actor=root&action=file.upload") == [10, 7])
        #expect(try await ids(server, "outcome=denied") == [10])
        #expect(try await ids(server, "q=100%25_sure") == [8])
        #expect(try await ids(server, "q=%25") == [8])
        #expect(try await ids(server, "q=203.0.113.4") == [5])
        #expect(try await ids(server, "resource=backend/r") == [])
        let start = ManualClock().platform.now()
        let since = start.adding(seconds: 120).rfc3339, until = start.adding(seconds: 240).rfc3339
        let found = try await ids(server, "since=\(since)&until=\(until)")
        #expect(found.contains(3) && found.contains(4) && !found.contains(2) && !found.contains(6))
    }

    @Test(arguments: ["outcome=good", "since=yesterday", "until=2026", "resourcetype=x", "since=99999-01-01T00:00:00Z"])
    func `a filter that makes no sense is refused`(query: String) async throws {
        #expect(try await server().send("GET", "/admin/audit?\(query)").status == 400)
    }

    @Test func `pages go back in time`() async throws {
        let server = try await server()
        let first = try await server.send("GET", "/admin/audit?limit=4")
        let next = try #require(first["next"]?.string)
        #expect(try await ids(server, "limit=4&after=\(next)") == [6, 5, 4, 3])
    }

    @Test func `an export holds all that match, in either form`() async throws {
        let server = try await server()
        let lines = try await server.send("GET", "/admin/audit?actor=owner", headers: ["Accept": "application/x-ndjson"])
        #expect(lines.headers["Content-Type"] == "application/x-ndjson")
        let records = try lines.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(records.compactMap { $0.object?["id"]?.integer } == [8, 5, 2])
        let csv = try await server.send("GET", "/admin/audit?limit=2", headers: ["Accept": "text/csv"])
        #expect(csv.headers["Content-Type"] == "text/csv; charset=utf-8")
        #expect(csv.text.hasPrefix("\"id\",\"time\",\"actor\""))
        #expect(csv.text.split(separator: "\r\n").count == 3)
        #expect(try await server.send("GET", "/admin/audit", headers: ["Accept": "image/png"]).status == 406)
        #expect(try await server.send("GET", "/admin/audit", headers: ["Accept": "*/*"]).items.count == 10)
    }

    @Test func `an export goes on past a page`() async throws {
        let server = try await APIServer()
        try await server.store.write { writing in
            for number in 0..<2_500 {
                try writing.record(AuditEvent("x.y", "x", "r\(number)"), .system, at: Timestamp(seconds: 1))
            }
        }
        for (type, extra) in [("text/csv", 1), ("application/x-ndjson", 0)] {
            let answer = try await server.send("GET", "/admin/audit", headers: ["Accept": type])
            #expect(answer.bytes.count { $0 == 0x0A } == 2_500 + extra)
        }
    }

    @Test func `a spreadsheet runs nothing of what an export holds`() async throws {
        #expect(
            String(decoding: CSV.line(["=cmd|'/c calc'!A0", "+1", "-1", "@x", "\tx", "a\"b\r\nc", ""]), as: UTF8.self)
                == "\"'=cmd|'/c calc'!A0\",\"'+1\",\"'-1\",\"'@x\",\"'\tx\",\"a\"\"b\r\nc\",\"\"\r\n")
    }

    @Test func `verification says where the chain breaks`() async throws {
        let server = try await server()
        let whole = try await server.send("GET", "/admin/audit/verify", as: "eve")
        #expect(whole["ok"] == true)
        #expect(whole["checked"] == 10)
        let record = try #require(try await server.audit().last)
        try await server.store.write { writing in
            var forged = record
            forged.sequence = 11
            forged.actor = "nobody"
            try writing.append(forged)
        }
        let broken = try await server.send("GET", "/admin/audit/verify", as: "eve")
        #expect(broken["ok"] == false)
        #expect(broken["broken_at"] == 11)
    }

    @Test func `the trail cannot be changed through the API`() async throws {
        let server = try await server()
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            #expect(try await server.send(method, "/admin/audit", body: "{}").status == 405)
            #expect(try await server.send(method, "/admin/audit/1", body: "{}").status == 404)
        }
    }
}

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

    @Test func `answers have the members that the description says, and no others`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")])
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        let schemas = try #require(try await server.send("GET", "/openapi.json")["components"]?.object?["schemas"]?.object)
        for route in RouteTable.complete.routes where route.method == .get && route.answer != nil {
            let name = try #require(route.answer)
            var path = route.pattern.text.replacing("/robots/{name}", with: "/robots/ci")
            for (variable, value) in [
                ("{project}", "backend"), ("{name}", "hosted"), ("{username}", "dev"), ("{principal}", "dev"),
                ("{package}", "alpha"),
                ("{version}", "1"),
            ] { path = path.replacing(variable, with: value) }
            let answer = try await server.send("GET", path)
            #expect(answer.status == 200, "\(path)")
            check(answer.json, against: name, schemas, at: path)
        }
        for path in ["/repos/backend/proxy", "/repos/other/secret"] {
            check(try await server.send("GET", path).json, against: "Repository", schemas, at: path)
        }
    }

    private func check(_ value: JSONValue, against name: String, _ schemas: JSONObject, at path: String) {
        guard let schema = schemas[name]?.object, let properties = schema["properties"]?.object, let object = value.object else {
            Issue.record("\(path): \(name)")
            return
        }
        for required in schema["required"]?.array ?? [] {
            #expect(object[required.string ?? ""] != nil, "\(path): \(required) is missing")
        }
        for member in object.members where !properties.isEmpty {
            guard let property = properties[member.key]?.object else {
                Issue.record("\(path): \(member.key) is not described")
                continue
            }
            if let items = property["items"]?.object?["$ref"]?.string, let values = member.value.array {
                for item in values { check(item, against: String(items.dropFirst(21)), schemas, at: "\(path).\(member.key)") }
            }
            let types = property["type"]?.array?.compactMap(\.string) ?? property["type"]?.string.map { [$0] } ?? []
            #expect(types.isEmpty || types.contains(type(of: member.value)), "\(path): \(member.key) is \(member.value.text)")
        }
    }

    private func type(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    @Test func `formats are listed with what they can do`() async throws {
        let answer = try await APIServer().send("GET", "/formats", as: "nobody")
        #expect(answer.items.compactMap { $0.object?["id"]?.string } == ["notes", "plain"])
        #expect(answer.items.last?.object?["abilities"] == ["hosted"])
    }

    @Test func `sizes are told and garbage is collected`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")])
        let stats = try await server.send("GET", "/admin/stats", as: "eve")
        #expect(stats["files"]?.integer ?? 0 > 0)
        #expect(stats["physical_bytes"] == 1000)
        #expect(stats["reclaimable_bytes"]?.integer == 1000 - (stats["referenced_bytes"]?.integer ?? 0))
        #expect(try await server.send("POST", "/admin/gc?dry_run=true").status == 200)
        #expect(try await server.send("POST", "/admin/gc").status == 200)
        #expect(try await server.send("POST", "/admin/gc", body: "{}").status == 400)
        #expect(server.operations.all == ["gc true", "gc false"])
        #expect(try await server.audit().filter { $0.outcome == .ok }.map(\.action) == ["system.gc", "system.gc"])
    }
}
