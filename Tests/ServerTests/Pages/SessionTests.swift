import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
@testable import SaveUI
import Testing

/// When a browser is signed in, and when it is not any more.
@Suite struct SessionTests {
    private static let hour: UInt64 = 3600

    private func isSignedIn(_ visitor: Visitor) async throws -> Bool { try await visitor.get("/ui/account").status == 200 }

    @Test func `a name and a password begin a session, and signing out ends it on the server as well`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        #expect(try await !isSignedIn(visitor))
        let answer = try await visitor.signIn("viewer")
        #expect((answer.status, answer.headers["Location"]) == (303, "/ui/"))
        #expect(try await isSignedIn(visitor))
        #expect(try await visitor.get("/ui/").text.contains("closed"))
        let stolen = visitor.cookies
        #expect(try await visitor.post("/ui/logout", []).status == 303)
        #expect(visitor.cookies["save"] == nil)
        #expect(try await !isSignedIn(visitor))
        visitor.take(stolen)
        #expect(try await !isSignedIn(visitor), "the secret still signs in")
    }

    @Test func `the cookie is for this host, for HTTP alone, and of 256 bits that the server does not keep`() async throws {
        let world = try await AccessWorld()
        let plain = Visitor(world)
        try await plain.signIn("viewer")
        let secret = try #require(plain.cookies["save"])
        #expect(secret.utf8.count == 64)
        #expect(plain.attributes["save"] == " Path=/ui; HttpOnly; SameSite=Lax")
        let kept = try await world.store.read { try $0.sessions(of: "viewer") }
        #expect(kept.count == 1)
        #expect(!"\(kept)".contains(secret) && !"\(kept)".contains("password"))
        let secure = Visitor(try await AccessWorld(address: "https://save.test/tools"))
        try await secure.signIn("viewer")
        #expect(secure.attributes.keys.sorted() == ["__Host-save", "__Host-save-visitor"])
        for attributes in secure.attributes.values { #expect(attributes == " Path=/; Secure; HttpOnly; SameSite=Lax") }
    }

    @Test func `eight hours without use end a session, and seven days end it however it is used`() async throws {
        let world = try await AccessWorld()
        let idle = Visitor(world)
        try await idle.signIn("viewer")
        world.clock.advance(seconds: 8 * Self.hour - 1)
        #expect(try await isSignedIn(idle))
        world.clock.advance(seconds: 8 * Self.hour - 1)
        #expect(try await isSignedIn(idle), "a use did not count")
        world.clock.advance(seconds: 8 * Self.hour)
        #expect(try await !isSignedIn(idle))

        let busy = Visitor(world)
        try await busy.signIn("viewer")
        for _ in 0..<27 {
            world.clock.advance(seconds: 6 * Self.hour)
            #expect(try await isSignedIn(busy))
        }
        world.clock.advance(seconds: 6 * Self.hour)
        #expect(try await !isSignedIn(busy))
        try await busy.signIn("viewer")
        let kept = try await world.store.read { try $0.sessions(of: "viewer").count }
        #expect(kept == 1, "ended sessions are kept")
    }

    @Test func `another password ends every session of an account, and so does disabling it`() async throws {
        for (method, path, change) in [
            ("PUT", "/users/viewer/password", "{\"password\":\"another password\"}"),
            ("PATCH", "/users/viewer", "{\"disabled\":true}"),
        ] {
            let world = try await AccessWorld()
            let visitor = Visitor(world)
            try await visitor.signIn("viewer")
            let answer = try await world.change(method, path, as: .admin, change)
            #expect(answer.status < 300, "\(answer.text)")
            #expect(try await !isSignedIn(visitor), "after \(change)")
        }
    }

    @Test func `signing in again gives the browser another secret, and the earlier one ends`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("viewer")
        let first = visitor.cookies
        let token = try await visitor.hidden("form_token", on: "/ui/account")
        let again = try await visitor.post("/ui/login", [("username", "owner"), ("password", "password")], token: token)
        #expect(again.status == 303)
        #expect(visitor.cookies["save"] != first["save"])
        visitor.take(first)
        #expect(try await !isSignedIn(visitor))
    }

    @Test func `a key is no password of a person, and a robot is none`() async throws {
        let world = try await AccessWorld()
        let key = try await world.addKey(of: .user("viewer"))
        let robot = try await world.addKey(of: .robot("ci"))
        try await world.catalogue.reload()
        for (name, secret) in [("viewer", key), ("sa$ci", robot), ("__token__", key)] {
            let visitor = Visitor(world)
            let answer = try await visitor.signIn(name, password: secret)
            #expect(answer.status == 403, "\(name)")
            #expect(answer.text.contains("API keys and robots are for programs"), "\(name)")
            #expect(try await !isSignedIn(visitor))
        }
    }

    @Test func `a wrong password is told on the page, recorded, and never with a challenge that browsers pop up`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        let before = try await world.lastSequence()
        for (name, password) in [("viewer", "wrong"), ("absent", "password"), ("", ""), ("a:b", "c")] {
            let answer = try await visitor.signIn(name, password: password)
            #expect(answer.status == 403)
            #expect(answer.headers["WWW-Authenticate"] == nil)
            #expect(answer.text.contains("The credentials are not valid"))
        }
        let told = try await visitor.signIn("disabled")
        #expect(told.text.contains("is disabled"))
        let records = try await world.store.read { try $0.audit(after: before, limit: 100) }.filter { $0.action == "auth.fail" }
        #expect(records.map(\.resource).sorted() == ["absent", "disabled", "viewer"])
    }

    @Test func `signing in leads back to a page of this server and to no other place`() async throws {
        let world = try await AccessWorld()
        for (target, place) in [
            ("/ui/search?q=a", "/ui/search?q=a"), ("/ui/pypi/closed/pypi-hosted/", "/ui/pypi/closed/pypi-hosted/"),
            ("https://elsewhere.test/", "/ui/"), ("//elsewhere.test/ui/", "/ui/"), ("/\\elsewhere.test", "/ui/"),
            ("/api/v1", "/ui/"),
            ("/ui/\r\nSet-Cookie: a=b", "/ui/"), ("/uix", "/ui/"), ("javascript:alert(1)", "/ui/"), ("/ui/\"><script>", "/ui/"),
        ] {
            let visitor = Visitor(world)
            let answer = try await visitor.signIn("viewer", returningTo: target)
            #expect(answer.headers["Location"] == place, "\(target)")
        }
        let hidden = try await Visitor(world).get("/ui/pypi/closed/pypi-hosted/?tab=packages")
        #expect(hidden.headers["Location"] == "/ui/login?return=%2Fui%2Fpypi%2Fclosed%2Fpypi-hosted%2F%3Ftab%3Dpackages")
    }

    @Test func `sign-ins, and sessions that begin and end, are in the audit trail`() async throws {
        let world = try await AccessWorld()
        let before = try await world.lastSequence()
        let visitor = Visitor(world)
        try await visitor.signIn("viewer")
        _ = try await visitor.post("/ui/logout", [])
        let records = try await world.audit(after: before)
        #expect(records.filter { $0.resourceType == "session" }.map(\.action) == ["session.create", "session.delete"])
        #expect(records.allSatisfy { $0.actor == "viewer" })
    }

    @Test func `a session that another takes the place of leaves a record that says so`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("viewer")
        let before = try await world.lastSequence()
        let token = try await visitor.hidden("form_token", on: "/ui/account")
        _ = try await visitor.post("/ui/login", [("username", "owner"), ("password", "password")], token: token)
        let ended = try await world.audit(after: before).filter { $0.action == "session.delete" }
        #expect(ended.map(\.details["reason"]) == ["replaced"])
        #expect(ended.allSatisfy { $0.resource.hasPrefix("viewer/") && $0.actor == "owner" })
        for _ in 0..<BrowserSessions.most { try await Visitor(world).signIn("owner") }
        let pushed = try await world.audit(after: before).filter { $0.action == "session.delete" }
        #expect(pushed.last?.details["reason"]?.string == "more than \(BrowserSessions.most)")
    }

    @Test func `only pages look at the cookie`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("admin")
        for path in ["/api/v1/user", "/pypi/closed/pypi-hosted/simple/", "/metrics", "/raw/closed/raw-hosted/a/b.txt"] {
            #expect(try await visitor.get(path).status == 401, "\(path)")
        }
    }

    @Test func `a session that is ended elsewhere is ended here`() async throws {
        let world = try await AccessWorld()
        let (here, elsewhere, stranger) = (Visitor(world), Visitor(world), Visitor(world))
        try await here.signIn("viewer")
        try await elsewhere.signIn("viewer")
        try await stranger.signIn("stranger")
        let ids = try await world.store.read { try $0.sessions(of: "viewer").map(\.id) }
        #expect(ids.count == 2)
        for id in ids { #expect(try await stranger.post("/ui/account/sessions/\(id)/end", []).status == 303) }
        for visitor in [here, elsewhere] { #expect(try await isSignedIn(visitor), "a stranger ended a session") }
        let text = try await here.get("/ui/account").text
        for id in ids { #expect(text.contains("/ui/account/sessions/\(id)/end")) }
        let secret = try #require(elsewhere.cookies["save"].flatMap { Hex.decode($0) })
        _ = try await here.post("/ui/account/sessions/\(Digest.hex(secret))/end", [])
        #expect(try await isSignedIn(here))
        #expect(try await !isSignedIn(elsewhere))
    }
}
