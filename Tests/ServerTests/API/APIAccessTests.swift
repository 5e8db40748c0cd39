import SavePlatform
import SaveStorage
import Testing

@testable import SaveAPI

/// What all routes have in common; who may use which is in `AccessMatrixTests`.
struct APIAccessTests {
    /// A path of the route's form: what `owner` may do something about, or what nobody but the system may.
    private static func path(_ route: APIRoute, secret: Bool = false) -> String {
        var path = route.pattern.text
        for (name, value) in [
            ("{project}", secret ? "other" : "backend"), ("{name}", secret ? "secret" : "hosted"), ("{username}", "viewer"),
            ("{principal}", "dev"), ("{id}", "unknown"), ("{package}", "p"), ("{version}", "1"), ("{filename}", "f"),
        ] { path = path.replacing(name, with: value) }
        return path
    }

    private static let routes = RouteTable.complete.routes

    @Test func `R-51 anonymous is asked to sign in everywhere, even where nothing is`() async throws {
        let server = try await APIServer()
        // What audit commands ask, which send no credentials.
        let closed = Self.routes.filter { $0.requirement != .advisoryService }
        for path in closed.map({ Self.path($0) }) + ["/nothing", "/repos/backend/none"] {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] {
                let answer = try await server.send(method, path, as: "anonymous", body: "{}")
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer.headers["WWW-Authenticate"] == "Basic realm=\"Save\", charset=\"UTF-8\"")
                #expect(answer.code == "unauthenticated")
            }
        }
        #expect(try await server.audit().isEmpty)
    }

    @Test func `questions by the OSV protocol take credentials, or none, or get no answer, as the setting says`() async throws {
        for (setting, anonymous, signedIn) in [(AdvisoryService.everyone, 200, 200), (.signedIn, 401, 200), (.off, 401, 404)] {
            let server = try await APIServer(advisoryService: setting)
            for (name, status) in [("anonymous", anonymous), ("nobody", signedIn)] {
                let answer = try await server.send("POST", "/osv/v1/querybatch", as: name, body: #"{"queries":[]}"#)
                #expect(answer.status == status, "\(setting) \(name)")
            }
            #expect(try await server.send("GET", "/advisories/status", as: "anonymous").status == 401)
        }
    }

    @Test func `R-55 what one may not see is what does not exist, byte for byte`() async throws {
        let server = try await APIServer()
        for route in Self.routes {
            // A question about a repository that is not made yet is about none.
            let isAboutRepository = route.pattern.text.hasPrefix("/repos/{project}")
            guard isAboutRepository || route.pattern.text.hasPrefix("/projects/") else { continue }
            let hidden = Self.path(route, secret: true)
            let missing = hidden.replacing("other", with: "never").replacing("secret", with: "never")
            let first = try await server.send(route.method.name, hidden, as: "owner", body: "{}")
            let second = try await server.send(route.method.name, missing, as: "owner", body: "{}")
            #expect(first.status == 404)
            #expect(first.comparable == second.comparable, "\(route.method.name) \(hidden)")
            #expect(first.headers.all.map(\.name) == second.headers.all.map(\.name))
        }
        let user = try await server.send("GET", "/users/viewer", as: "nobody")
        let none = try await server.send("GET", "/users/never", as: "nobody")
        #expect(user.comparable == none.comparable)
        let create = #","name":"x","format":"notes","repository_type":"hosted"}"#
        let other = try await server.send("POST", "/repos", as: "owner", body: #"{"project":"other""# + create)
        let never = try await server.send("POST", "/repos", as: "owner", body: #"{"project":"never""# + create)
        #expect(other.status == 404)
        #expect(other.comparable == never.comparable)
    }

    @Test func `lists show what one may see`() async throws {
        let server = try await APIServer()
        func names(_ path: String, as caller: String) async throws -> [String] {
            try await server.send("GET", path, as: caller).items.compactMap { $0.object?["name"]?.string }
        }
        #expect(try await names("/repos", as: "root") == ["hosted", "proxy", "secret"])
        #expect(try await names("/repos", as: "eve") == ["hosted", "proxy", "secret"])
        #expect(try await names("/repos", as: "viewer") == ["hosted", "proxy"])
        #expect(try await names("/repos", as: "nobody") == [])
        #expect(try await names("/projects", as: "viewer") == ["backend"])
        #expect(try await names("/projects", as: "nobody") == [])
        #expect(try await names("/robots", as: "nobody") == [])
    }

    @Test func `wrong methods are answered with the right ones`() async throws {
        let server = try await APIServer()
        for route in Self.routes {
            let answer = try await server.send("TRACE", Self.path(route), as: "root")
            #expect(answer.status == 405)
            let allow = answer.headers["Allow"]?.split(separator: ", ").map(String.init) ?? []
            #expect(allow.contains(route.method.name), "\(Self.path(route))")
            #expect(allow.contains("HEAD") == allow.contains("GET"))
            let options = try await server.send("OPTIONS", Self.path(route), as: "root")
            #expect(options.status == 204)
            #expect(options.headers["Allow"] == answer.headers["Allow"])
        }
        #expect(try await server.send("GET", "/nothing").status == 404)
        #expect(try await server.send("GET", "").status == 404)
    }

    @Test func `a key with scopes does no more than they say`() async throws {
        let server = try await APIServer()
        let reader = KeyContext(id: "k", scopes: [KeyScope(resource: "backend", permissions: [.read])])
        let all = KeyContext(id: "k", scopes: [KeyScope(resource: nil, permissions: Permission.allCases)])
        #expect(try await server.send("GET", "/repos/backend/hosted", as: "root", key: reader).status == 200)
        #expect(try await server.send("GET", "/repos/other/secret", as: "root", key: reader).status == 404)
        #expect(try await server.send("GET", "/admin/audit", as: "root", key: reader).status == 403)
        #expect(try await server.send("GET", "/admin/audit", as: "root", key: all).status == 200)
        let user = #"{"username":"mallory","password":"long enough"}"#
        #expect(try await server.send("POST", "/users", as: "root", body: user, key: all).status == 403)
        #expect(
            try await server.send("POST", "/users", as: "root", body: user, key: KeyContext(id: "k", scopes: [])).status == 403)
        #expect(try await server.send("POST", "/users", as: "root", body: user).status == 201)
        #expect(try await server.send("PATCH", "/repos/backend/hosted", as: "owner", body: "{}", key: reader).status == 403)
        let manager = KeyContext(id: "k", scopes: [KeyScope(resource: "backend", permissions: [.read, .manage])])
        let grant = try await server.send(
            "PUT", "/projects/backend/members/nobody", as: "owner", body: #"{"role":"owner"}"#, key: manager)
        #expect(grant.status == 403)
    }

    @Test func `a key that may not delete deletes no repository with files in it, whatever it may manage`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("demo", "1", "demo-1.txt")])
        try await server.addFiles([("demo", "1", "demo-1.txt")], to: "proxy")
        let manager = KeyContext(id: "k", scopes: [KeyScope(resource: "backend", permissions: [.read, .write, .manage])])
        for (path, status) in [
            ("hosted?force=true", 403), ("hosted", 403), ("proxy?force=true", 403), ("proxy", 403),
        ] {
            let answer = try await server.send("DELETE", "/repos/backend/\(path)", as: "owner", key: manager)
            #expect(answer.status == status, "\(path): \(answer.text)")
        }
        #expect(try await server.audit().allSatisfy { $0.outcome == .denied && $0.action == "repository.delete" })
        #expect(try await server.send("GET", "/repos/backend/hosted/packages", as: "owner").items.count == 1)
        let empty = #"{"project":"backend","name":"empty","format":"notes","repository_type":"hosted"}"#
        #expect(try await server.send("POST", "/repos", as: "owner", body: empty, key: manager).status == 201)
        #expect(try await server.send("DELETE", "/repos/backend/empty", as: "owner", key: manager).status == 204)
        let deleter = KeyContext(id: "k", scopes: [KeyScope(resource: "backend", permissions: Permission.allCases)])
        #expect(try await server.send("DELETE", "/repos/backend/hosted", as: "owner", key: deleter).status == 409)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?force=true", as: "owner", key: deleter).status == 204)
    }

    @Test func `keys are made with a password only, and never beyond their owner`() async throws {
        let server = try await APIServer()
        let key = KeyContext(id: "k", scopes: [])
        #expect(try await server.send("POST", "/user/keys", as: "dev", body: "{}", key: key).status == 403)
        #expect(try await server.send("POST", "/user/keys", as: "dev", body: "{}").status == 201)
        for (scope, status) in [
            (#"{"resource":"backend","permissions":["read","write"]}"#, 201),
            (#"{"resource":"backend","permissions":["delete"]}"#, 403),
            (#"{"resource":"backend/hosted","permissions":["write"]}"#, 201),
            (#"{"resource":"other","permissions":["read"]}"#, 403), (#"{"resource":"never","permissions":["read"]}"#, 403),
            (#"{"resource":null,"permissions":["manage"]}"#, 403), (#"{"resource":null,"permissions":["write"]}"#, 201),
            (#"{"resource":"backend","permissions":[]}"#, 400), (#"{"resource":"backend","permissions":["root"]}"#, 400),
            (#"{"resource":"backend","permissions":["read"],"x":1}"#, 400),
        ] {
            let answer = try await server.send("POST", "/user/keys", as: "dev", body: "{\"scopes\":[\(scope)]}")
            #expect(answer.status == status, "\(scope)")
        }
    }
}
