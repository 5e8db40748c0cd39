@testable import SaveAPI
import SaveAccess
import SavePlatform
import Testing

/// `ETag`, `If-Match` and `If-None-Match`.
struct APIConditionTests {
    private static let changes: [(read: String, method: String, path: String, body: String?)] = [
        ("/projects/backend", "PATCH", "/projects/backend", #"{"description":"x"}"#),
        ("/repos/backend/proxy", "PATCH", "/repos/backend/proxy", #"{"online":false}"#),
        ("/users/dev", "PATCH", "/users/dev", #"{"disabled":true}"#),
        ("/robots/ci", "PATCH", "/robots/ci", #"{"disabled":true}"#),
        ("/projects/backend/members/dev", "PUT", "/projects/backend/members/dev", #"{"role":"owner"}"#),
        ("/projects/backend/members/dev", "DELETE", "/projects/backend/members/dev", nil),
        ("/repos/backend/proxy", "DELETE", "/repos/backend/proxy", nil),
        ("/users/dev", "DELETE", "/users/dev", nil), ("/robots/ci", "DELETE", "/robots/ci", nil),
        (package, "PATCH", package, #"{"attributes":{"colour":"red"}}"#), (package, "DELETE", package, nil),
        (version, "DELETE", version, nil), (version, "PUT", version + "/yank", "{}"), (yanked, "DELETE", yanked + "/yank", nil),
        (version, "PUT", version + "/files/alpha-1.a/yank", "{}"), (version, "DELETE", version + "/files/alpha-1.a", nil),
    ]
    private static let package = "/repos/backend/hosted/packages/alpha"
    private static let version = package + "/versions/1"
    private static let yanked = package + "/versions/2"

    private func server() async throws -> APIServer {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a"), ("alpha", "2", "alpha-2.a")])
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        _ = try await server.send("PUT", Self.yanked + "/yank", body: "{}")
        return server
    }

    @Test(arguments: changes.indices) func `a change is made only to what the client has read`(index: Int) async throws {
        let (read, method, path, body) = Self.changes[index]
        let server = try await server()
        let etag = try #require(try await server.send("GET", read).headers["ETag"])
        let before = try await server.send("GET", read).text
        for (name, value) in [
            ("If-Match", "\"0-0\""), ("If-Match", "W/\(etag)"), ("If-Match", ""), ("If-Match", "x"),
            ("If-Match", etag.replacing("\"", with: "")), ("If-None-Match", "*"),
        ] {
            let refused = try await server.send(method, path, body: body, headers: [name: value])
            #expect(refused.status == 412, "\(name): \(value)")
            #expect(refused.code == "precondition_failed")
        }
        #expect(try await server.send("GET", read).text == before)
        let done = try await server.send(method, path, body: body, headers: ["If-Match": "\"0\", \(etag)"])
        #expect(done.status == 200 || done.status == 204)
        #expect(try await server.send(method, path, body: body, headers: ["If-Match": etag]).status != done.status)
    }

    @Test func `every read has a tag, and the same again is 304 without a body`() async throws {
        let server = try await server()
        for path in ["/projects", "/repos/backend/proxy", "/user", "/admin/stats", "/openapi.json", Self.version] {
            let etag = try #require(try await server.send("GET", path).headers["ETag"])
            for value in [etag, "W/\(etag)", "\"other\", \(etag)", "*"] {
                let again = try await server.send("GET", path, headers: ["If-None-Match": value])
                #expect(again.status == 304, "\(path) \(value)")
                #expect(again.bytes.isEmpty)
                #expect(again.headers["ETag"] == etag)
            }
            #expect(try await server.send("GET", path, headers: ["If-None-Match": "\"other\""]).status == 200)
            #expect(try await server.send("GET", path, headers: ["If-Match": "\"other\""]).status == 412)
            #expect(try await server.send("GET", path, headers: ["If-Match": etag]).status == 200)
        }
    }

    @Test func `a changed state of an upstream shows, and keeps nobody from changing settings`() async throws {
        let server = try await server()
        let first = try #require(try await server.send("GET", "/repos/backend/proxy").headers["ETag"])
        server.operations.fail("connection refused")
        let second = try await server.send("GET", "/repos/backend/proxy", headers: ["If-None-Match": first])
        #expect(second.status == 200)
        #expect(second["upstream_state"]?.object?["failure"] == "connection refused")
        let change = try await server.send(
            "PATCH", "/repos/backend/proxy", body: #"{"cache_ttl":1}"#, headers: ["If-Match": first])
        #expect(change.status == 200)
    }

    @Test func `a member that is to be new is refused where there is one`() async throws {
        let server = try await server()
        let path = "/projects/backend/members/nobody"
        let headers = ["If-None-Match": "*"]
        #expect(try await server.send("PUT", path, body: #"{"role":"viewer"}"#, headers: headers).status == 200)
        #expect(try await server.send("PUT", path, body: #"{"role":"owner"}"#, headers: headers).status == 412)
        #expect(try await server.send("GET", path)["role"] == "viewer")
    }

    @Test func `a type that the answer does not come in is refused before anything is done`() async throws {
        let server = try await server()
        for type in ["text/html", "application/xml", "application/json;q=0", "text/csv"] {
            let answer = try await server.send("POST", "/projects", body: #"{"name":"x"}"#, headers: ["Accept": type])
            #expect(answer.status == 406, "\(type)")
            #expect(try await server.send("GET", "/user", headers: ["Accept": type]).status == 406)
        }
        #expect(server.catalogue.current.project("x") == nil)
        for type in ["*/*", "application/*", "text/html, */*;q=0.1", "application/json; charset=utf-8"] {
            #expect(try await server.send("GET", "/repos", headers: ["Accept": type]).status == 200, "\(type)")
        }
        #expect(try await server.send("DELETE", "/robots/ci", headers: ["Accept": "text/html"]).status == 204)
    }
}
