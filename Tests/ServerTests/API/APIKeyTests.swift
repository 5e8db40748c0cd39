import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

struct APIKeyTests {
    private func authenticator(_ server: APIServer) -> Authenticator {
        Authenticator(
            catalogue: server.catalogue, providers: [KeySignIn(serverKey: server.serverKey, clock: server.clock.platform)],
            uses: server.keyUses, serverKey: server.serverKey, clock: server.clock.platform,
            trail: AuditAggregator(store: server.store, clock: server.clock.platform, log: .silent()))
    }

    private func bearer(_ key: String) -> HTTPRequest {
        HTTPRequest(
            method: .get, target: Array("/".utf8), headers: ["Authorization": "Bearer \(key)"],
            client: ClientAddress(bytes: [192, 0, 2, 1]))
    }

    /// A robot of the project `backend` with a key: its id and its text.
    private func robot(_ server: APIServer, _ body: String = #"{"description":"one"}"#) async throws -> (id: String, key: String)
    {
        _ = try await server.send("POST", "/robots", as: "owner", body: #"{"name":"ci","project":"backend"}"#)
        _ = try await server.send("PUT", "/projects/backend/members/sa$ci", as: "owner", body: #"{"role":"developer"}"#)
        let made = try await server.send("POST", "/robots/ci/keys", as: "owner", body: body)
        return (try #require(made["id"]?.string), try #require(made["key"]?.string))
    }

    @Test func `the last use of a key shows to callers that may see the key`() async throws {
        let server = try await APIServer()
        let (_, key) = try await robot(server)
        let before = try await server.send("GET", "/robots/ci/keys", as: "owner").items.first?.object
        #expect(before?["last_used_at"]?.isNull == true && before?["last_used_from"]?.isNull == true)
        #expect(authenticator(server).cached(bearer(key)) != nil)
        let after = try await server.send("GET", "/robots/ci/keys", as: "eve").items.first?.object
        #expect(after?["last_used_at"]?.string == server.clock.platform.now().rfc3339)
        #expect(after?["last_used_from"]?.string == "192.0.2.1")
        #expect(try await server.send("GET", "/robots/ci/keys", as: "dev").status == 404)
    }

    @Test func `a rotated key works beside the new one for the overlap, and what it was made for goes over`() async throws {
        let server = try await APIServer()
        let authenticator = authenticator(server)
        let expires = server.clock.platform.now().adding(seconds: 7200).rfc3339
        let (id, key) = try await robot(
            server,
            #"{"description":"one","scopes":[{"resource":"backend","permissions":["read"]}],"expires_at":"\#(expires)"}"#)
        server.clock.advance(seconds: 60)
        let now = server.clock.platform.now()
        let made = try await server.send("POST", "/robots/ci/keys/\(id)/rotate", as: "owner", body: #"{"overlap_seconds":600}"#)
        #expect(made.status == 201)
        let new = try #require(made["key"]?.string), newID = try #require(made["id"]?.string)
        #expect(new != key && newID != id)
        #expect(made["description"] == "one")
        #expect(made["scopes"] == [["resource": "backend", "permissions": ["read"]]])
        #expect(made["expires_at"]?.string == now.adding(seconds: 7200).rfc3339)
        #expect(made.headers["Location"] == "/api/v1/robots/ci/keys/\(newID)")
        for text in [key, new] { #expect(authenticator.cached(bearer(text))?.principal.auditName == "sa$ci") }
        server.clock.advance(seconds: 599)
        for text in [key, new] { #expect(authenticator.cached(bearer(text)) != nil) }
        server.clock.advance(seconds: 1)
        #expect(authenticator.cached(bearer(key)) == nil)
        #expect(authenticator.cached(bearer(new)) != nil)
        #expect(try await server.send("POST", "/robots/ci/keys/\(id)/rotate", as: "owner", body: "{}").status == 409)

        let record = try #require(try await server.audit().first { $0.action == "key.rotate" && $0.outcome == .ok })
        #expect(record.resource == "sa$ci/\(id)" && record.resourceType == "key")
        #expect(record.details["replaced_by"]?.string == newID)
        let stored = "\(try await server.audit()) \(try await server.store.read { try $0.keys() })"
        #expect(!stored.contains(new))
    }

    @Test func `a rotation never lengthens the old key, and without overlap ends it at once`() async throws {
        let server = try await APIServer()
        let expires = server.clock.platform.now().adding(seconds: 60).rfc3339
        let (id, key) = try await robot(server, #"{"expires_at":"\#(expires)"}"#)
        #expect(try await server.send("POST", "/robots/ci/keys/\(id)/rotate", as: "owner", body: "{}").status == 201)
        let old = try await server.send("GET", "/robots/ci/keys", as: "owner").items.first { $0.object?["id"]?.string == id }
        #expect(old?.object?["expires_at"]?.string == expires)
        let again = try await server.send("POST", "/robots/ci/keys/\(id)/rotate", as: "owner", body: #"{"overlap_seconds":0}"#)
        #expect(again.status == 201)
        #expect(authenticator(server).cached(bearer(key)) == nil)
    }

    @Test(arguments: ["-1", "2592001", "1.5", "\"1\"", "99999999999", "null"])
    func `an overlap that makes no sense is refused and changes nothing`(overlap: String) async throws {
        let server = try await APIServer()
        let (id, key) = try await robot(server)
        let answer = try await server.send(
            "POST", "/robots/ci/keys/\(id)/rotate", as: "owner", body: "{\"overlap_seconds\":\(overlap)}")
        #expect(answer.status == 400 && answer.field == "overlap_seconds")
        #expect(server.catalogue.current.keys.count == 1)
        #expect(authenticator(server).cached(bearer(key)) != nil)
    }

    @Test func `G16 a key never mints keys: neither makes nor rotates one, whatever its owner`() async throws {
        let server = try await APIServer()
        let (id, _) = try await robot(server)
        let own = try #require(try await server.send("POST", "/user/keys", as: "root", body: "{}")["id"]?.string)
        let key = KeyContext(id: own, scopes: [])
        for (target, name) in [
            ("/user/keys", "root"), ("/user/keys/\(own)/rotate", "root"), ("/robots/ci/keys", "root"),
            ("/robots/ci/keys/\(id)/rotate", "root"), ("/user/keys", "sa$ci"), ("/user/keys/\(id)/rotate", "sa$ci"),
        ] { #expect(try await server.send("POST", target, as: name, body: "{}", key: key).status == 403, "\(target) as \(name)") }
        #expect(server.catalogue.current.keys.count == 2)
    }

    @Test func `one rotates one's own keys and nobody else's`() async throws {
        let server = try await APIServer()
        let id = try #require(try await server.send("POST", "/user/keys", as: "dev", body: "{}")["id"]?.string)
        #expect(try await server.send("POST", "/user/keys/\(id)/rotate", as: "owner", body: "{}").status == 404)
        let made = try await server.send("POST", "/user/keys/\(id)/rotate", as: "dev", body: "{}")
        #expect(made.status == 201)
        #expect(made["expires_at"]?.isNull == true)
        #expect(try await server.send("POST", "/robots/ci/keys/\(id)/rotate", body: "{}").status == 404)
    }

    @Test func `an administrator sees and revokes a person's keys, and makes none in her name`() async throws {
        let server = try await APIServer()
        let made = try await server.send("POST", "/user/keys", as: "dev", body: "{}")
        let id = try #require(made["id"]?.string), key = try #require(made["key"]?.string)
        #expect(try await server.send("GET", "/users/dev/keys").items.count == 1)
        #expect(try await server.send("GET", "/users/dev/keys", as: "eve").items.count == 1)
        #expect(try await server.send("GET", "/users/dev/keys", as: "dev").items.count == 1)
        #expect(try await server.send("GET", "/users/dev/keys", as: "owner").status == 404)
        #expect(try await server.send("POST", "/users/dev/keys", body: "{}").status == 405)
        #expect(try await server.send("DELETE", "/users/dev/keys/\(id)", as: "eve").status == 403)
        #expect(try await server.send("DELETE", "/users/owner/keys/\(id)").status == 404)
        #expect(authenticator(server).cached(bearer(key)) != nil)
        #expect(try await server.send("DELETE", "/users/dev/keys/\(id)").status == 204)
        #expect(authenticator(server).cached(bearer(key)) == nil)
    }

    @Test func `where keys must end, one without an end or with a late one is refused`() async throws {
        let server = try await APIServer(maxKeyLifetime: 3600)
        let now = server.clock.platform.now()
        for body in ["{}", #"{"expires_at":null}"#, #"{"expires_at":"\#(now.adding(seconds: 3601).rfc3339)"}"#] {
            let answer = try await server.send("POST", "/user/keys", as: "dev", body: body)
            #expect(answer.status == 400 && answer.field == "expires_at", "\(body)")
        }
        let made = try await server.send(
            "POST", "/user/keys", as: "dev", body: #"{"expires_at":"\#(now.adding(seconds: 3600).rfc3339)"}"#)
        #expect(made.status == 201)
        server.clock.advance(seconds: 1800)
        let id = try #require(made["id"]?.string)
        let rotated = try await server.send("POST", "/user/keys/\(id)/rotate", as: "dev", body: "{}")
        #expect(rotated["expires_at"]?.string == now.adding(seconds: 5400).rfc3339)
    }

    @Test func `G16 a scope that was the owner's gives nothing once the owner has lost it`() async throws {
        let server = try await APIServer()
        let made = try await server.send(
            "POST", "/user/keys", as: "dev", body: #"{"scopes":[{"resource":"backend","permissions":["read","write"]}]}"#)
        let key = try #require(made["key"]?.string)
        let principal = try #require(authenticator(server).cached(bearer(key))?.principal)
        func granted() throws -> [String] {
            let repository = try #require(server.catalogue.current.repository(project: "backend", name: "hosted"))
            return AccessPolicy.permissions(of: principal, on: repository, in: server.catalogue.current).names
        }
        #expect(try granted() == ["read", "write"])
        _ = try await server.send("PUT", "/projects/backend/members/dev", as: "owner", body: #"{"role":"viewer"}"#)
        #expect(try granted() == ["read"])
        _ = try await server.send("DELETE", "/projects/backend/members/dev", as: "owner")
        #expect(try granted().isEmpty)
        #expect(
            try await server.send(
                "POST", "/user/keys", as: "dev", body: #"{"scopes":[{"resource":"backend","permissions":["read"]}]}"#
            ).status == 403)
    }

    @Test func `G08 a robot that is born again under a dead one's name has none of its keys`() async throws {
        let server = try await APIServer()
        let (id, key) = try await robot(server)
        let authenticator = authenticator(server)
        #expect(authenticator.cached(bearer(key)) != nil)
        #expect(try await server.send("DELETE", "/robots/ci", as: "owner").status == 204)
        #expect(authenticator.cached(bearer(key)) == nil)
        _ = try await server.send("POST", "/robots", body: #"{"name":"ci"}"#)
        #expect(authenticator.cached(bearer(key)) == nil)
        #expect(try await server.send("GET", "/robots/ci/keys").items.isEmpty)
        #expect(try await server.send("POST", "/robots/ci/keys/\(id)/rotate", body: "{}").status == 404)
        #expect(server.catalogue.current.members.allSatisfy { !$0.principal.isRobot })
    }
}
