import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

struct APIAccountTests {
    @Test func `a user is created, changed and deleted, and the password is never shown`() async throws {
        let server = try await APIServer()
        let created = try await server.send(
            "POST", "/users", body: #"{"username":"bob","password":"canary-secret","role":"auditor"}"#)
        #expect(created.status == 201)
        #expect(created.headers["Location"] == "/api/v1/users/bob")
        #expect(created["role"] == "auditor")
        #expect(created["disabled"] == false)
        #expect(
            try await server.hasher.verify(
                Array("canary-secret".utf8), against: server.catalogue.current.users["bob"]?.passwordHash))
        let changed = try await server.send("PATCH", "/users/bob", body: #"{"role":"user","disabled":true}"#)
        #expect(changed["disabled"] == true)
        #expect(try await server.send("GET", "/users/bob", as: "eve")["role"] == "user")
        #expect(try await server.send("GET", "/users/bob", as: "dev").status == 404)
        #expect(try await server.send("GET", "/users/dev", as: "dev").status == 200)
        #expect(try await server.send("DELETE", "/users/bob").status == 204)
        #expect(try await server.send("GET", "/users/bob").status == 404)
        let records = try await server.audit()
        #expect(records.map(\.action) == ["user.create", "user.update", "user.delete"])
        #expect(records[1].details["role"] == ["from": "auditor", "to": "user"])
        #expect(!"\(records)\(created.text)".contains("canary") && !created.text.contains("password"))
    }

    @Test(arguments: ["sa$ci", "a:b", "", "system", "anonymous", "a b", "é", "-x"])
    func `names of others cannot be taken`(name: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/users", body: "{\"username\":\"\(name)\",\"password\":\"long enough\"}")
        #expect(answer.field == "username")
    }

    @Test func `passwords are kept to the byte, and too short or too long ones refused`() async throws {
        let server = try await APIServer()
        for (password, status) in [
            (#""a:b: c\u0000d🗝️""#, 204), ("\"\(String(repeating: "a", count: 1024))\"", 204), (#"" leading""#, 204),
            (#""1234567""#, 400), ("\"\(String(repeating: "a", count: 1025))\"", 400), ("\"\"", 400), ("null", 400), ("1", 400),
        ] {
            let answer = try await server.send("PUT", "/users/dev/password", body: "{\"password\":\(password)}")
            #expect(answer.status == status)
            guard status == 204 else {
                #expect(answer.field == "password")
                continue
            }
            let text = try #require(try JSONValue(parsing: Array(password.utf8)).string)
            #expect(
                try await server.hasher.verify(Array(text.utf8), against: server.catalogue.current.users["dev"]?.passwordHash))
        }
    }

    @Test func `one sets one's own password with the password only`() async throws {
        let server = try await APIServer()
        let body = #"{"password":"another one"}"#
        #expect(try await server.send("PUT", "/users/dev/password", as: "dev", body: body).status == 204)
        let key = KeyContext(id: "k", scopes: [])
        #expect(try await server.send("PUT", "/users/dev/password", as: "dev", body: body, key: key).status == 403)
        #expect(try await server.send("PUT", "/users/owner/password", as: "dev", body: body).status == 404)
        #expect(try await server.send("PUT", "/users/dev/password", as: "eve", body: body).status == 403)
    }

    @Test func `the last administrator stays`() async throws {
        let server = try await APIServer()
        for body in [#"{"role":"user"}"#, #"{"disabled":true}"#, #"{"role":"auditor","disabled":true}"#] {
            #expect(try await server.send("PATCH", "/users/root", body: body).status == 409)
        }
        #expect(try await server.send("DELETE", "/users/root").status == 409)
        #expect(server.catalogue.current.users["root"]?.role == .admin)
        #expect(try await server.send("PATCH", "/users/dev", body: #"{"role":"admin","disabled":true}"#).status == 200)
        #expect(try await server.send("DELETE", "/users/root").status == 409)
        #expect(try await server.send("PATCH", "/users/dev", body: #"{"disabled":false}"#).status == 200)
        #expect(try await server.send("DELETE", "/users/root").status == 204)
        #expect(try await server.send("PATCH", "/users/dev", as: "dev", body: #"{"role":"user"}"#).status == 409)
    }

    @Test func `administrators who remove each other at the same moment leave one`() async throws {
        let server = try await APIServer()
        for round in 0..<10 {
            for name in ["dev", "owner", "viewer"] {
                #expect(
                    try await server.send("PATCH", "/users/\(name)", body: #"{"role":"admin","disabled":false}"#).status == 200)
            }
            let names = ["root", "dev", "owner", "viewer"]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, name) in names.enumerated() {
                    // Everybody removes the next one: three ways to lose an administrator.
                    let (method, body) =
                        [("PATCH", #"{"role":"user"}"#), ("PATCH", #"{"disabled":true}"#)][(round + index) % 2]
                    let victim = names[(index + 1) % names.count]
                    group.addTask { try await server.send(method, "/users/\(victim)", as: name, body: body).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains { $0 != 200 })
            #expect(server.catalogue.current.users.values.contains { $0.role == .admin && !$0.disabled })
            try await server.store.write { writing in
                var root = try Accounts.user("root", in: writing)
                root.role = .admin
                root.disabled = false
                _ = try writing.put(root)
            }
            try await server.catalogue.reload()
        }
    }

    @Test func `members get roles, and lose them`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("GET", "/repos/backend/hosted", as: "nobody").status == 404)
        let put = try await server.send("PUT", "/projects/backend/members/nobody", as: "owner", body: #"{"role":"viewer"}"#)
        #expect(put.status == 200)
        #expect(try await server.send("GET", "/repos/backend/hosted", as: "nobody").status == 200)
        #expect(try await server.send("GET", "/projects/backend/members/nobody", as: "viewer")["role"] == "viewer")
        #expect(try await server.send("GET", "/projects/backend/members", as: "viewer").items.count == 4)
        #expect(try await server.send("DELETE", "/projects/backend/members/nobody", as: "owner").status == 204)
        #expect(try await server.send("GET", "/repos/backend/hosted", as: "nobody").status == 404)
        #expect(try await server.send("DELETE", "/projects/backend/members/nobody", as: "owner").status == 404)
        #expect(
            try await server.send("PUT", "/projects/backend/members/never", as: "owner", body: #"{"role":"viewer"}"#).status
                == 404)
        #expect(
            try await server.send("PUT", "/projects/backend/members/sa$x", as: "owner", body: #"{"role":"viewer"}"#).status == 404
        )
        #expect(
            try await server.send("PUT", "/projects/backend/members/a:b", as: "owner", body: #"{"role":"viewer"}"#).status == 400)
        let records = try await server.audit().filter { $0.outcome == .ok }
        #expect(records.map(\.resource) == ["backend/nobody", "backend/nobody"])
        #expect(records[0].details["role"] == ["from": nil, "to": "viewer"])
    }

    @Test func `who am I says what I may do`() async throws {
        let server = try await APIServer()
        let dev = try await server.send("GET", "/user", as: "dev")
        #expect(dev["username"] == "dev")
        #expect(dev["role"] == "user")
        #expect(dev["projects"] == [["project": "backend", "role": "developer", "permissions": ["read", "write"]]])
        #expect(dev["key"] == JSONValue.null)
        let key = KeyContext(id: "abc", scopes: [KeyScope(resource: "backend", permissions: [.read])])
        let limited = try await server.send("GET", "/user", as: "dev", key: key)
        #expect(limited["key"] == ["id": "abc", "scopes": [["resource": "backend", "permissions": ["read"]]]])
        #expect(limited["projects"] == [["project": "backend", "role": "developer", "permissions": ["read"]]])
    }
}

struct APIRobotTests {
    private func authenticator(_ server: APIServer) -> Authenticator {
        Authenticator(
            catalogue: server.catalogue, providers: [KeySignIn(serverKey: server.serverKey, clock: server.clock.platform)],
            uses: server.keyUses, serverKey: server.serverKey, clock: server.clock.platform,
            trail: AuditAggregator(store: server.store, clock: server.clock.platform, log: .silent()))
    }

    private func bearer(_ key: String) -> HTTPRequest {
        HTTPRequest(method: .get, target: Array("/".utf8), headers: ["Authorization": "Bearer \(key)"])
    }

    @Test func `a robot gets a key that works at once, is shown once, and ends at once`() async throws {
        let server = try await APIServer()
        let robot = try await server.send(
            "POST", "/robots", as: "owner", body: #"{"name":"ci","description":"builds","project":"backend"}"#)
        #expect(robot.status == 201)
        #expect(robot["username"] == "sa$ci")
        #expect(robot["project"] == "backend")
        let expires = server.clock.platform.now().adding(seconds: 3600).rfc3339
        let made = try await server.send(
            "POST", "/robots/ci/keys", as: "owner", body: "{\"description\":\"one\",\"expires_at\":\"\(expires)\"}")
        #expect(made.status == 201)
        let key = try #require(made["key"]?.string), id = try #require(made["id"]?.string)
        #expect(made.headers["Location"] == "/api/v1/robots/ci/keys/\(id)")
        #expect(made.headers["Cache-Control"] == "no-store")
        let authenticator = authenticator(server)
        #expect(authenticator.cached(bearer(key))?.principal.auditName == "sa$ci")

        let listed = try await server.send("GET", "/robots/ci/keys", as: "owner")
        #expect(listed.items.count == 1)
        #expect(listed.items.first?.object?["expires_at"]?.string == expires)
        let stored = "\(try await server.audit()) \(try await server.store.read { try $0.keys() })"
        #expect(!listed.text.contains(key) && !stored.contains(key))

        #expect(try await server.send("PATCH", "/robots/ci", as: "owner", body: #"{"disabled":true}"#).status == 200)
        #expect(authenticator.cached(bearer(key)) == nil)
        #expect(try await server.send("PATCH", "/robots/ci", as: "owner", body: #"{"disabled":false}"#).status == 200)
        #expect(authenticator.cached(bearer(key)) != nil)
        #expect(try await server.send("DELETE", "/robots/ci/keys/\(id)", as: "owner").status == 204)
        #expect(authenticator.cached(bearer(key)) == nil)
        #expect(try await server.send("DELETE", "/robots/ci/keys/\(id)", as: "owner").status == 404)
        #expect(
            try await server.audit().map(\.action)
                == ["robot.create", "key.create", "robot.update", "robot.update", "key.delete", "key.delete"])
    }

    @Test func `a robot of no project is the administrators'`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/robots", as: "owner", body: #"{"name":"ci"}"#).status == 403)
        #expect(try await server.send("POST", "/robots", as: "owner", body: #"{"name":"ci","project":"other"}"#).status == 404)
        #expect(try await server.send("POST", "/robots", as: "root", body: #"{"name":"ci","project":null}"#).status == 201)
        #expect(try await server.send("GET", "/robots/ci", as: "owner").status == 404)
        #expect(try await server.send("POST", "/robots/ci/keys", as: "owner", body: "{}").status == 404)
        #expect(try await server.send("GET", "/robots/ci", as: "eve").status == 200)
        #expect(try await server.send("GET", "/robots", as: "owner").items.isEmpty)
    }

    @Test func `a key is deleted where it belongs only`() async throws {
        let server = try await APIServer()
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        let id = try #require(try await server.send("POST", "/user/keys", as: "dev", body: "{}")["id"]?.string)
        #expect(try await server.send("DELETE", "/robots/ci/keys/\(id)").status == 404)
        #expect(try await server.send("DELETE", "/user/keys/\(id)", as: "owner").status == 404)
        #expect(try await server.send("GET", "/user/keys", as: "owner").items.isEmpty)
        #expect(try await server.send("DELETE", "/user/keys/\(id)", as: "dev").status == 204)
    }

    @Test(arguments: ["\"2020-01-01T00:00:00Z\"", "\"tomorrow\"", "\"0000-13-01T00:00:00Z\"", "1", "\"\""])
    func `a key that has ended before it begins is refused`(expires: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/user/keys", as: "dev", body: "{\"expires_at\":\(expires)}")
        #expect(answer.field == "expires_at")
    }
}
