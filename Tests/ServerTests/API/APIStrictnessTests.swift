@testable import SaveAPI
import SaveAccess
import SavePlatform
import Testing

struct APIStrictnessTests {
    private let repository = #""project":"backend","name":"x","format":"notes","repository_type":"hosted""#

    @Test(arguments: [
        "", " ", "[", "null", "[]", "\"x\"", "{", "{}x", String(repeating: "[", count: 100_000),
        String(repeating: "{\"a\":", count: 100_000), #"{"name":"a","name":"b"}"#, "{\"name\":1e400}",
        "{\"name\":9223372036854775808}",
        "{\"name\":NaN}", "{\"name\":\"\\ud800\"}",
    ]) func `a body that is not one JSON object is refused`(body: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/projects", body: body)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_request")
        #expect(server.catalogue.current.projects.count == 2)
    }

    @Test func `a body over a mebibyte is refused before it is read`() async throws {
        let server = try await APIServer()
        let body = "{\"name\":\"\(String(repeating: "a", count: 1 << 20))\"}"
        let answer = try await server.send("POST", "/projects", body: body)
        #expect(answer.status == 413)
        #expect(answer.closes)
    }

    @Test(arguments: [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "",
    ])
    func `only JSON is taken`(type: String) async throws {
        let server = try await APIServer()
        for (method, path) in [
            ("POST", "/projects"), ("PATCH", "/repos/backend/hosted"), ("DELETE", "/repos/backend/hosted"),
            ("POST", "/admin/gc"), ("PUT", "/users/dev/password"),
        ] {
            let answer = try await server.send(method, path, body: #"{"name":"x"}"#, headers: ["Content-Type": type])
            #expect(answer.status == 415, "\(method) \(path)")
        }
        let form = try await server.send("POST", "/admin/gc", body: "", headers: ["Content-Type": type])
        #expect(form.status == 415)
        #expect(server.operations.all.isEmpty)
        let json = try await server.send(
            "POST", "/projects", body: #"{"name":"x"}"#, headers: ["Content-Type": "Application/JSON; charset=utf-8"])
        #expect(json.status == 201)
    }

    @Test func `every route names the field it does not know`() async throws {
        let server = try await APIServer()
        for (method, path, fields) in [
            ("POST", "/projects", #""name":"x""#), ("PATCH", "/projects/backend", ""), ("POST", "/repos", repository),
            ("PATCH", "/repos/backend/hosted", ""), ("POST", "/users", #""username":"x","password":"long enough""#),
            ("PATCH", "/users/dev", ""), ("POST", "/robots", #""name":"x""#), ("POST", "/user/keys", ""),
            ("PUT", "/users/dev/password", #""password":"long enough""#),
            ("PUT", "/projects/backend/members/dev", #""role":"owner""#),
        ] {
            let body = "{\(fields)\(fields.isEmpty ? "" : ",")\"surprise\":1}"
            let answer = try await server.send(method, path, body: body)
            #expect(answer.status == 400, "\(method) \(path)")
            #expect(answer.code == "unknown_field")
            #expect(answer.field == "surprise")
        }
    }

    @Test(arguments: [
        "id", "username", "is_admin", "password", "password_hash", "permissions", "created_at", "updated_at", "keys",
    ]) func `nothing but role and disabled can be set on a user`(field: String) async throws {
        let server = try await APIServer()
        let before = server.catalogue.current.users["dev"]
        #expect(try await server.send("PATCH", "/users/dev", body: "{\"\(field)\":1,\"disabled\":true}").field == field)
        #expect(try await server.send("PATCH", "/users/dev", as: "dev", body: "{\"\(field)\":1}").status == 403)
        #expect(try await server.send("PATCH", "/users/dev", as: "dev", body: #"{"role":"admin"}"#).status == 403)
        #expect(server.catalogue.current.users["dev"] == before)
    }

    @Test(arguments: [
        ("cache_ttl", "-1"), ("cache_ttl", "31536001"), ("cache_ttl", "1.5"), ("cache_ttl", "-0"), ("cache_ttl", "1e2"),
        ("cache_ttl", "\"60\""), ("cache_ttl", "null"), ("cache_ttl", "true"), ("cache_ttl", "9223372036854775807"),
        ("online", "1"), ("online", "\"true\""), ("online", "null"), ("description", "1"), ("description", "\"a\\u0000b\""),
        ("description", "\"\\u001b[31m\""), ("remote_username", "7"), ("allowed_file_hosts", "\"a\""),
        ("allowed_file_hosts", "[1]"), ("allowed_file_hosts", "[\"a b\"]"), ("settings", "[]"),
        ("allow_redeploy", "true"), ("members", "[]"), ("policy", "\"union\""), ("max_file_size", "1"),
    ]) func `a value that does not fit is refused with the field's name`(field: String, value: String) async throws {
        let server = try await APIServer()
        let before = server.catalogue.current.repository(project: "backend", name: "proxy")?.record
        let answer = try await server.send("PATCH", "/repos/backend/proxy", body: "{\"\(field)\":\(value)}")
        #expect(answer.status == 400)
        #expect(answer.field?.hasPrefix(field) == true)
        #expect(server.catalogue.current.repository(project: "backend", name: "proxy")?.record == before)
    }

    @Test(arguments: [
        "limit=0", "limit=-1", "limit=1001", "limit=2147483648", "limit=9223372036854775807", "limit=9223372036854775808",
        "limit=1e9", "limit=abc", "limit=", "limit=%201", "limit=+1", "limit=1&limit=2", "after=", "after=zz", "after=00",
        "after=000000000000000000000000aa", "offset=1", "sort=name", "q=%", "Limit=1",
    ]) func `a query that does not fit is refused`(query: String) async throws {
        let server = try await APIServer()
        for path in ["/repos", "/projects", "/users", "/robots", "/user/keys", "/admin/audit"] {
            #expect(try await server.send("GET", "\(path)?\(query)").status == 400, "\(path)?\(query)")
        }
    }

    @Test func `pages follow each other and cursors cannot be forged or moved`() async throws {
        let server = try await APIServer()
        for number in 0..<7 { _ = try await server.send("POST", "/projects", body: "{\"name\":\"p\(number)\"}") }
        var names: [String] = []
        var after: String?
        repeat {
            let page = try await server.send("GET", "/projects?limit=2" + (after.map { "&after=\($0)" } ?? ""))
            #expect(page.status == 200)
            #expect(page.items.count <= 2)
            names += page.items.compactMap { $0.object?["name"]?.string }
            after = page["next"]?.string
        } while after != nil
        #expect(names == ["backend", "other", "p0", "p1", "p2", "p3", "p4", "p5", "p6"])

        let cursor = try #require(try await server.send("GET", "/projects?limit=1")["next"]?.string)
        #expect(try await server.send("GET", "/users?after=\(cursor)").status == 400)
        #expect(try await server.send("GET", "/projects?after=\(cursor)61").status == 400)
        #expect(try await server.send("GET", "/projects?limit=9").items.count == 9)
        #expect(try await server.send("GET", "/projects?limit=9")["next"] == JSONValue.null)
    }

    @Test(arguments: ["%25", "_", "%5C", "'", "%27%20OR%201%3D1--", "%22"])
    func `searches take every letter literally`(text: String) async throws {
        let server = try await APIServer()
        for path in ["/repos", "/projects", "/users", "/robots", "/repos/backend/hosted/packages", "/admin/audit"] {
            let answer = try await server.send("GET", "\(path)?q=\(text)")
            #expect(answer.status == 200, "\(path)")
            #expect(answer.items.isEmpty, "\(path)")
        }
    }
}
