import FormatChunks
import FormatParcels
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct AccessKeyAuthenticationTests {
    @Test func `R-54 R-57 a robot signs in with its key in every form there is, without waiting`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"))
        for field in [
            Accounting.basic("sa$ci", key), Accounting.basic("sa%24ci", key), Accounting.basic("__token__", key), "Bearer \(key)",
            "bearer \(key)",
        ] {
            let principal = try #require(server.authenticator.cached(server.request(field))?.principal)
            #expect(principal.auditName == "sa$ci")
            #expect(principal.key?.id == String(key.dropFirst(4).prefix(12)))
        }
        #expect(server.hasher.checks == 0)
    }

    @Test func `R-54 R-57 a user signs in with a key of her own, with its scopes`() async throws {
        let server = try await Accounting()
        let scopes = [KeyScope(resource: "backend", permissions: [.read])]
        let key = try await server.key(for: .user("alice"), scopes: scopes)
        let principal = try #require(server.authenticator.cached(server.basic("alice", key))?.principal)
        #expect(principal.name == .user("alice"))
        #expect(principal.key?.scopes == scopes)
    }

    @Test func `a key without a scheme signs in below a format that has such, and nowhere else`() async throws {
        let server = try await Accounting(formats: [ParcelsFormat.self, ChunksFormat.self])
        let key = try await server.key(for: .robot("ci"))
        let there = server.request(key, at: "/parcels/p/r/new")
        // Also when it was taken before: what is remembered there is no credential elsewhere. Each from an address of its own, or
        // guessing would be slowed down.
        for round: UInt8 in 0..<2 {
            #expect(try await server.authenticator.authenticate(there).principal.auditName == "sa$ci")
            #expect(server.authenticator.cached(there)?.principal.auditName == "sa$ci")
            let others = ["/", "/chunks/p/r/files/x", "/c2/p/r/uploads/", "/api/v1/repos", "/parcelsx/p/r/new", "//parcels/p/r"]
            for (number, path) in zip(UInt8(0)..., others) {
                let request = server.request(key, at: path, from: ClientAddress(bytes: [192, 0, 3 + round, number]))
                #expect(server.authenticator.cached(request) == nil)
                #expect(await server.refusal(request) == .unauthenticated, "\(path)")
            }
        }
    }

    @Test func `a wrong key without a scheme is refused, and stands in no record`() async throws {
        let server = try await Accounting(formats: [ParcelsFormat.self])
        let key = try await server.key(for: .robot("ci"))
        let wrong = String(key.dropLast()) + (key.last == "a" ? "b" : "a")
        for (number, field) in zip(UInt8(0)..., [wrong, "secret", key + "x", "Bearer", "Basic", "\u{9}" + key]) {
            let address = ClientAddress(bytes: [192, 0, 3, number])
            #expect(await server.refusal(server.request(field, at: "/parcels/p/r/new", from: address)) == .unauthenticated)
        }
        #expect(server.hasher.checks == 0)
        for record in try await server.audit() {
            #expect(!"\(record)".contains(wrong) && !"\(record)".contains("secret"))
        }
    }

    @Test(arguments: ["sa$other", "alice", "ci", "SA$ci", "sa$", "sa$$ci", "sa$ci ", "sa%24other", "sa%2524ci", ""])
    func `a key under another name is refused`(name: String) async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"))
        #expect(server.authenticator.cached(server.basic(name, key)) == nil)
        #expect(await server.refusal(server.basic(name, key)) == .unauthenticated)
    }

    @Test func `a robot has no password, and a key of another server is none`() async throws {
        let server = try await Accounting()
        let foreign = try APIKey.issue(for: .robot("ci"), at: Timestamp(seconds: 0), serverKey: [UInt8](repeating: 1, count: 32))
        for field in [Accounting.basic("sa$ci", "secret"), Accounting.basic("sa$ci", foreign.text), "Bearer \(foreign.text)"] {
            #expect(await server.refusal(server.request(field)) == .unauthenticated)
        }
        #expect(server.hasher.checks == 0)
    }

    @Test func `the right id with another secret is refused`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"))
        let record = try #require(server.catalogue.current.keys[String(key.dropFirst(4).prefix(12))])
        let other = try APIKey.issue(for: .robot("ci"), at: Timestamp(seconds: 0), serverKey: server.serverKey)
        try await server.change { writing in
            var stolen = record
            stolen.id = other.record.id
            try writing.put(stolen)
        }
        #expect(await server.refusal(server.request("Bearer \(other.text)")) == .unauthenticated)
    }

    /// What a client is told.
    private func message(_ server: Accounting, _ request: HTTPRequest) async -> String? {
        await #expect(throws: SaveError.self) { try await server.authenticator.authenticate(request) }?.message
    }

    @Test func `a client with the secret is told why it does not sign in, and nobody else is`() async throws {
        let server = try await Accounting()
        let end = server.clock.platform.now().adding(seconds: 60)
        let key = try await server.key(for: .robot("ci"), expires: end)
        let other = try APIKey.issue(for: .robot("ci"), at: end, serverKey: server.serverKey)
        let guess = String(
            decoding: APIKey.text(
                Array(key.utf8.dropFirst(4).prefix(12)), secret: Array(other.text.utf8.dropFirst(16).prefix(32))),
            as: UTF8.self)
        let invalid = "the credentials are not valid: check the user name and the password, or use another API key"

        #expect(await message(server, server.basic("alice", key))?.contains("'sa$ci'") == true)
        server.clock.advance(seconds: 60)
        for field in ["Bearer \(key)", Accounting.basic("sa$ci", key), Accounting.basic("__token__", key)] {
            #expect(
                await message(server, server.request(field)) == "the API key expired at \(end.rfc3339): use another one")
        }
        #expect(await message(server, server.request("Bearer \(guess)")) == invalid)

        let lasting = try await server.key(for: .robot("ci"))
        try await server.change { writing in
            var robot = try #require(try writing.robots().first)
            robot.disabled = true
            _ = try writing.put(robot)
            var alice = try Accounts.user("alice", in: writing)
            alice.disabled = true
            _ = try writing.put(alice)
        }
        #expect(await message(server, server.request("Bearer \(lasting)"))?.contains("'sa$ci' is disabled") == true)
        #expect(await message(server, server.basic("alice", "correct horse"))?.contains("'alice' is disabled") == true)
        #expect(await message(server, server.basic("alice", "wrong horse")) == invalid)
        try await server.change { _ = try $0.deleteKey(String(lasting.dropFirst(4).prefix(12))) }
        #expect(await message(server, server.request("Bearer \(lasting)")) == invalid)
        let reasons = Set(try await server.audit().compactMap { $0.details["reason"]?.string })
        #expect(reasons == ["key", "expired", "disabled"])
    }

    @Test func `a machine whose key has expired is told so however often it asks, and however many guess beside it`() async throws
    {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"), expires: server.clock.platform.now().adding(seconds: 1))
        server.clock.advance(seconds: 1)
        for number in 0..<100 {
            #expect(await message(server, server.basic("sa$ci", key))?.contains("expired") == true)
            if number < 60 { _ = await server.refusal(server.basic("sa$ci", "wrong\(number)")) }
        }
        #expect(await server.refusal(server.basic("sa$ci", "wrong")) == .tooManyRequests)
    }

    @Test func `expired, revoked, disabled and reborn: the key ends at once`() async throws {
        let server = try await Accounting()
        let field = "Bearer \(try await server.key(for: .robot("ci"), expires: server.clock.platform.now().adding(seconds: 60)))"
        #expect(server.authenticator.cached(server.request(field)) != nil)
        server.clock.advance(seconds: 59)
        #expect(server.authenticator.cached(server.request(field)) != nil)
        server.clock.advance(seconds: 1)
        #expect(server.authenticator.cached(server.request(field)) == nil)
        #expect(await server.refusal(server.request(field)) == .unauthenticated)

        let key = try await server.key(for: .robot("ci"))
        let request = server.request("Bearer \(key)")
        #expect(server.authenticator.cached(request) != nil)
        try await server.change { writing in
            var robot = try #require(try writing.robots().first)
            robot.disabled = true
            _ = try writing.put(robot)
        }
        #expect(server.authenticator.cached(request) == nil)
        try await server.change { writing in
            var robot = try #require(try writing.robots().first)
            robot.disabled = false
            _ = try writing.put(robot)
        }
        #expect(server.authenticator.cached(request) != nil)
        try await server.change { try $0.deleteRobot(try #require(try $0.robots().first).id) }
        #expect(server.authenticator.cached(request) == nil)
        try await server.addRobot()
        #expect(server.authenticator.cached(request) == nil)

        let revoked = try await server.key(for: .robot("ci"))
        #expect(server.authenticator.cached(server.request("Bearer \(revoked)")) != nil)
        try await server.change { _ = try $0.deleteKey(String(revoked.dropFirst(4).prefix(12))) }
        #expect(server.authenticator.cached(server.request("Bearer \(revoked)")) == nil)
    }
}
