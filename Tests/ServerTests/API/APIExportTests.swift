@testable import SaveAPI
import SavePlatform
import Testing

/// Lists as comma-separated values and as lines of JSON.
struct APIExportTests {
    private static let lists = RouteTable.complete.routes.filter { route in
        route.query.contains { $0.name == "after" } && !route.query.contains(where: \.isRequired)
    }

    private func server() async throws -> APIServer {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a"), ("beta", "1", "beta-1.a"), ("gamma", "1", "gamma-1.a")])
        for name in ["ci", "cd"] {
            _ = try await server.send("POST", "/robots", body: "{\"name\":\"\(name)\"}")
            _ = try await server.send("POST", "/policies", body: #"{"name":"\#(name)","action":"deny","match":{}}"#)
            _ = try await server.send(
                "POST", "/waivers",
                body:
                    #"{"package":"pkg:notes/a@1","policy":"\#(name)","project":"backend","reason":"r","until":"2030-01-01T00:00:00Z"}"#
            )
        }
        for _ in 0..<2 {
            _ = try await server.send("POST", "/robots/ci/keys", body: "{}")
            _ = try await server.send("POST", "/user/keys", as: "dev", body: "{}")
            _ = try await server.send("POST", "/user/keys", body: #"{"description":"=1+1, \"quoted\"\nline"}"#)
        }
        return server
    }

    @Test(arguments: lists.indices) func `every list is exported whole, as lines and as values`(index: Int) async throws {
        let server = try await server()
        let path = Self.lists[index].examplePath
        let items = try await server.send("GET", "\(path)?limit=1000").items
        #expect(items.count > 1)
        let lines = try await server.send("GET", path, headers: ["Accept": "application/x-ndjson"])
        #expect(lines.headers["Content-Type"] == "application/x-ndjson")
        #expect(try lines.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) } == items)
        let values = try await server.send("GET", path, headers: ["Accept": "text/csv"])
        #expect(values.headers["Content-Disposition"]?.hasPrefix("attachment; filename=\"") == true)
        let rows = values.text.split(separator: "\"\r\n")
        #expect(rows.count == items.count + 1)
        for key in items.flatMap({ $0.object?.keys ?? [] }) { #expect(rows[0].contains("\"\(key)"), "\(key)") }

        #expect(
            try await server.send("GET", "\(path)?limit=1", headers: ["Accept": "application/x-ndjson"]).text.count { $0 == "\n" }
                == 1)
        let next = try #require(try await server.send("GET", "\(path)?limit=1")["next"]?.string)
        let rest = try await server.send("GET", "\(path)?after=\(next)", headers: ["Accept": "application/x-ndjson"])
        #expect(rest.text.count { $0 == "\n" } == items.count - 1)
        #expect(try await server.send("GET", "\(path)?after=00", headers: ["Accept": "text/csv"]).status == 400)
    }

    @Test func `nothing in a cell is a formula, and quotes and line ends stay inside`() async throws {
        let text = try await server().send("GET", "/user/keys", headers: ["Accept": "text/csv"]).text
        #expect(text.contains(#""'=1+1, ""quoted"""# + "\nline\""))
    }

    @Test func `who may not see an item does not export it`() async throws {
        let server = try await server()
        for type in ["text/csv", "application/x-ndjson"] {
            let all = try await server.send("GET", "/repos", headers: ["Accept": type]).text
            let some = try await server.send("GET", "/repos", as: "viewer", headers: ["Accept": type]).text
            #expect(all.contains("secret") && !some.contains("secret") && some.contains("hosted"))
            #expect(try await server.send("GET", "/users", as: "viewer", headers: ["Accept": type]).status == 403)
        }
    }
}
