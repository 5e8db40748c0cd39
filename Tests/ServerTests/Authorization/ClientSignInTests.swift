internal import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Signing in by a format's own protocol: who gets a key, what the key may do, and what the others learn.
@Suite struct ClientSignInTests {
    private static let right = "password"

    private func signIn(
        _ world: AccessWorld, _ name: String, password: String = right, to repository: String = "closed/npm-hosted",
        as asker: Asker = .anonymous
    ) async -> HTTPResponse {
        let body: JSONValue = ["_id": .string("org.couchdb.user:" + name), "name": .string(name), "password": .string(password)]
        return await world.send(
            "PUT", "/npm/\(repository)/-/user/org.couchdb.user:\(ASCII.percentEncoded(name))", as: asker, body.bytes,
            type: "application/json")
    }

    private func key(_ response: HTTPResponse) throws -> String {
        guard case .bytes(let bytes) = response.body else { return "" }
        return try #require(JSONValue(parsing: bytes).object?["token"]?.string)
    }

    private func bearer(_ key: String) -> [(String, String)] { [("Authorization", "Bearer " + key)] }

    @Test(arguments: [
        ("viewer", 201, 201), ("developer", 201, 201), ("owner", 201, 201), ("admin", 201, 201), ("auditor", 201, 201),
        ("nobody", 201, 404), ("stranger", 201, 404), ("disabled", 401, 401), ("unknown", 401, 401), ("sa$ci", 401, 401),
    ])
    func `who may read a repository gets a key there, and nobody learns of another`(
        _ name: String, _ open: Int, _ closed: Int
    ) async throws {
        let world = try await AccessWorld()
        for kind in RepositoryKind.allCases {
            #expect(await signIn(world, name, to: "open/npm-\(kind.rawValue)").status == open)
            let hidden = await signIn(world, name, to: "closed/npm-\(kind.rawValue)")
            #expect(hidden.status == closed)
            let missing = await signIn(world, name, to: "closed/npm-absent")
            #expect(missing.status == (closed == 201 ? 404 : closed))
            if closed != 201 { #expect(try await hidden.comparable() == missing.comparable()) }
            let wrong = await signIn(world, name, password: "wrong", to: "closed/npm-\(kind.rawValue)")
            let nowhere = await signIn(world, name, password: "wrong", to: "closed/npm-absent")
            #expect(wrong.status == 401)
            #expect(try await wrong.comparable() == nowhere.comparable())
            world.clock.advance(seconds: 3600)
        }
    }

    @Test func `a key that a client got does what packages need, in its project, for as long as keys may last`() async throws {
        let world = try await AccessWorld()
        let answer = await signIn(world, "developer")
        #expect(answer.status == 201 && answer.headers["Cache-Control"] == "no-store")
        let text = try key(answer)
        let record = try #require(await world.store.read { try $0.keys() }.first { text.contains($0.id) })
        #expect(record.owner == .user("developer") && record.description.contains("closed/npm-hosted"))
        #expect(record.scopes == [KeyScope(resource: "closed", permissions: [.read, .write, .delete])])
        #expect(record.expires == world.clock.platform.now().adding(seconds: 3600))
        let headers = bearer(text)
        func status(_ method: String, _ path: String, _ body: [UInt8]? = nil) async -> Int {
            await world.send(method, path, as: .anonymous, body, type: body.map { _ in "application/json" }, headers: headers)
                .status
        }
        #expect(await status("GET", "/npm/closed/npm-group/demo") == 200)
        #expect(await status("PUT", "/npm/closed/npm-hosted/demo", AccessWorld.publish("1.1.0")) == 201)
        #expect(await status("DELETE", "/npm/closed/npm-hosted/demo/-/demo-1.0.0.tgz") == 403)
        #expect(await status("POST", "/api/v1/user/keys", Array("{}".utf8)) == 403)
        world.clock.advance(seconds: 3601)
        #expect(await status("GET", "/npm/closed/npm-group/demo") == 401)
    }

    @Test func `an administrator's key manages nothing and sees nothing of the server`() async throws {
        let world = try await AccessWorld()
        let headers = bearer(try key(await signIn(world, "admin")))
        for (method, path) in [("GET", "/api/v1/admin/audit"), ("GET", "/metrics"), ("POST", "/api/v1/projects")] {
            #expect(await world.send(method, path, as: .anonymous, headers: headers).status == 403, "\(path)")
        }
    }

    @Test func `a key that has ended does not keep anybody from signing in again`() async throws {
        let world = try await AccessWorld()
        for asker in [Asker.expired, .disabled, .viewer] {
            #expect(await signIn(world, "viewer", as: asker).status == 201)
        }
    }

    @Test func `what is malformed is named, and a robot's key is no password`() async throws {
        let world = try await AccessWorld()
        func status(_ body: String, _ name: String = "viewer") async -> Int {
            await world.send(
                "PUT", "/npm/closed/npm-hosted/-/user/org.couchdb.user:\(name)", as: .anonymous, Array(body.utf8),
                type: "application/json"
            ).status
        }
        for body in [
            "", "[]", "{", #"{"name":"viewer"}"#, #"{"name":"owner","password":"password"}"#, #"{"name":"viewer","password":7}"#,
            #"{"name":"viewer","password":""}"#,
        ] { #expect(await status(body) == 400, "\(body)") }
        #expect(await status(#"{"name":"viewer","password":""# + String(repeating: "x", count: 20_000) + #""}"#) == 413)
        let robot = try await world.addKey(of: .robot("ci"))
        let own = try await world.addKey(of: .user("viewer"))
        try await world.catalogue.reload()
        let sequence = try await world.lastSequence()
        #expect(await signIn(world, "sa$ci", password: robot).status == 403)
        #expect(await signIn(world, "viewer", password: own).status == 403)
        #expect(await signIn(world, "__token__", password: own).status == 401)
        let records = try await world.audit(after: sequence).filter { $0.action == "key.create" }
        #expect(records.map(\.outcome) == [.denied, .denied] && records.map(\.actor) == ["sa$ci", "viewer"])
    }

    @Test func `G11 a password that was sent is in no record, and each key has its two`() async throws {
        let world = try await AccessWorld()
        let sequence = try await world.lastSequence()
        let text = try key(await signIn(world, "viewer"))
        #expect(await signIn(world, "viewer", password: "a-secret-of-mine").status == 401)
        let path = "/npm/closed/npm-hosted/-/user/token/\(text)"
        #expect(await world.send("DELETE", path, as: .anonymous, headers: bearer(text)).status == 204)
        let records = try await world.store.read { try $0.audit(after: sequence, limit: 100) }
        #expect(records.filter { $0.action.hasPrefix("key.") }.map(\.action) == ["key.create", "key.delete"])
        #expect(records.contains { $0.action == "auth.fail" })
        for record in records {
            #expect(!"\(record)".contains("a-secret-of-mine") && !"\(record)".contains(text))
        }
    }

    @Test func `a key is taken back by its owner, and by nobody else`() async throws {
        let world = try await AccessWorld()
        let text = try key(await signIn(world, "viewer"))
        let other = try key(await signIn(world, "viewer"))
        func signOut(
            _ key: String, as asker: Asker = .anonymous, _ headers: [(String, String)] = [],
            at place: String = "closed/npm-hosted"
        )
            async -> Int
        {
            await world.send("DELETE", "/npm/\(place)/-/user/token/\(key)", as: asker, headers: headers).status
        }
        #expect(await signOut(text) == 401)
        #expect(await signOut(text, as: .owner) == 404)
        #expect(await signOut(text, as: .robot) == 403)
        #expect(await signOut(text, as: .nobody) == 404)
        #expect(await signOut(other, bearer(text)) == 403)
        #expect(await signOut(String(text.dropLast()) + (text.last == "0" ? "1" : "0"), as: .viewer) == 404)
        #expect(await signOut("x", as: .viewer) == 404)
        #expect(await signOut(text, bearer(text), at: "closed/npm-absent") == 404)
        #expect(await signOut(text, bearer(text)) == 204)
        #expect(await signOut(text, bearer(text)) == 401)
        #expect(await signOut(other, as: .viewer) == 204)
    }

    @Test func `a client that would sign in by a page is told that there is none, and that leaves no record`() async throws {
        let world = try await AccessWorld()
        let sequence = try await world.lastSequence()
        for place in ["open/npm-hosted", "closed/npm-hosted", "closed/npm-absent"] {
            let answer = await world.send("POST", "/npm/\(place)/-/v1/login", as: .anonymous, Array("{}".utf8))
            #expect(answer.status == 404 && answer.headers["Content-Type"] == "application/json")
        }
        #expect(try await world.audit(after: sequence).isEmpty)
    }
}
