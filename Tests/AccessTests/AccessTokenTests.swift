import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// A format whose clients get tokens.
private struct Images: RepositoryFormat {
    static let descriptor = FormatDescriptor(
        id: "images", displayName: "x", abilities: [],
        mount: FormatMount("v3/images", pingPath: "v3", tokenPath: "v3/token", packagePaths: ["files/*", "files/new/*", "list"]))
    init(settings: JSONObject) throws {}
    func route(_ request: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing") }
}

@Suite struct AccessTokenTests {
    private let server: Accounting
    private let tokens: AccessTokens
    private let grants = TokenGrants(["images/p/r/app": [.read, .write]])

    init() async throws {
        let clock = ManualClock()
        tokens = AccessTokens(serverKey: [UInt8](repeating: 9, count: 32), clock: clock.platform)
        server = try await Accounting(clock: clock, others: [tokens], formats: [Images.self], cacheCapacity: 4)
    }

    private func token(for sender: Authentication) throws -> String {
        "Bearer " + (try tokens.issue(for: sender, grants, in: server.catalogue.current).text)
    }

    private func token(for request: HTTPRequest) async throws -> String {
        try token(for: await server.authenticator.authenticate(request))
    }

    private func request(_ field: String, at path: String = "/v3/images/p/r/app/files/x", from last: UInt8 = 1) -> HTTPRequest {
        server.request(field, at: path, from: ClientAddress(bytes: [192, 0, 4, last]))
    }

    @Test func `a token signs in as its account, for what it is for and no longer than it says`() async throws {
        let field = try await token(for: server.basic("alice", "correct horse"))
        for _ in 0..<2 {
            let sender = try #require(server.authenticator.cached(request(field)))
            #expect(sender.principal.name == .user("alice") && sender.grants == grants)
            #expect(sender.expires == server.clock.platform.now().adding(seconds: 300))
        }
        // It says by when a request begins; what began goes on.
        let sender = try #require(server.authenticator.cached(request(field)))
        server.clock.advance(seconds: 300)
        #expect(server.authenticator.cached(request(field)) == nil)
        #expect(await server.refusal(request(field)) == .unauthenticated)
        let later = try sender.renewed(in: server.catalogue.current, at: server.clock.platform.now())
        #expect(later.principal == sender.principal && later.grants == grants)
    }

    @Test func `a token is no credential but where clients get tokens`() async throws {
        let field = try await token(for: server.basic("alice", "correct horse"))
        #expect(server.authenticator.cached(request(field)) != nil)
        let others = ["/", "/images/p/r/app/files/x", "/v3x/images/p", "/api/v1/repos", "/v3/other", "/v2/images/p/r"]
        for (number, path) in zip(UInt8(1)..., others) {
            #expect(server.authenticator.cached(request(field, at: path, from: number)) == nil, "\(path)")
            #expect(await server.refusal(request(field, at: path, from: number)) == .unauthenticated, "\(path)")
        }
        let bare = String(field.dropFirst(7))
        for (number, other) in zip(UInt8(20)..., [bare, Accounting.basic("alice", bare), Accounting.basic("__token__", bare)]) {
            #expect(await server.refusal(request(other, from: number)) == .unauthenticated)
        }
    }

    @Test func `a token ends with the password, with the key and with the account`() async throws {
        let key = try await server.key(for: .robot("ci"))
        let byKey = try await token(for: server.request("Bearer \(key)"))
        let byPassword = try await token(for: server.basic("alice", "correct horse"))
        #expect(server.authenticator.cached(request(byKey))?.principal.key?.id == String(key.dropFirst(4).prefix(12)))
        try await server.change { _ = try $0.deleteKey(String(key.dropFirst(4).prefix(12))) }
        #expect(server.authenticator.cached(request(byKey)) == nil)
        #expect(await server.refusal(request(byKey)) == .unauthenticated)

        #expect(server.authenticator.cached(request(byPassword)) != nil)
        try await server.change { writing in
            var alice = try Accounts.user("alice", in: writing)
            alice.passwordHash = "another"
            _ = try writing.put(alice)
        }
        #expect(server.authenticator.cached(request(byPassword)) == nil)

        try await server.add("bob", "correct horse")
        let bobs = try await token(for: server.basic("bob", "correct horse"))
        let sender = try #require(server.authenticator.cached(request(bobs)))
        try await server.change { writing in
            var bob = try Accounts.user("bob", in: writing)
            bob.disabled = true
            _ = try writing.put(bob)
        }
        #expect(server.authenticator.cached(request(bobs)) == nil)
        #expect(throws: SaveError.self) { try sender.renewed(in: server.catalogue.current, at: server.clock.platform.now()) }
    }

    @Test func `a token lasts no longer than the key that it was asked for with`() async throws {
        let end = server.clock.platform.now().adding(seconds: 90)
        let field = try await token(for: server.request("Bearer \(try await server.key(for: .robot("ci"), expires: end))"))
        #expect(server.authenticator.cached(request(field))?.expires == end)
    }

    @Test func `a visitor gets a token of nobody`() throws {
        let sender = try #require(server.authenticator.cached(request(try token(for: .anonymous))))
        #expect(sender.principal == .anonymous && sender.grants == grants)
    }

    @Test func `tokens and keys push no verified password out of what is remembered`() async throws {
        let password = server.basic("alice", "correct horse")
        _ = try await server.authenticator.authenticate(password)
        let key = try await server.key(for: .robot("ci"))
        _ = try await server.authenticator.authenticate(password)
        for count in 1...8 {
            #expect(server.authenticator.cached(request(try token(for: .anonymous))) != nil)
            #expect(server.authenticator.cached(server.request("Bearer" + String(repeating: " ", count: count) + key)) != nil)
        }
        #expect(server.authenticator.cached(password)?.principal.name == .user("alice"))
    }

    @Test func `a token that ends later than any that is given is none`() async throws {
        let fast = ManualClock()
        fast.advance(seconds: 60)
        let early = AccessTokens(serverKey: [UInt8](repeating: 9, count: 32), clock: fast.platform)
        let field = "Bearer " + (try early.issue(for: .anonymous, grants, in: server.catalogue.current).text)
        #expect(server.authenticator.cached(request(field)) == nil)
        #expect(await server.refusal(request(field)) == .unauthenticated)
    }

    @Test func `a token that has ended is no failed sign-in`() async throws {
        let field = try token(for: .anonymous)
        server.clock.advance(seconds: 300)
        #expect(await server.refusal(request(field)) == .unauthenticated)
        #expect(server.authenticator.failedSignIns == 0)
        #expect(await server.refusal(request("Bearer sat_!")) == .unauthenticated)
        #expect(server.authenticator.failedSignIns == 1)
    }

    @Test func `a token that another server made, or that was changed, is none`() async throws {
        let text = try await token(for: server.basic("alice", "correct horse"))
        let foreign = AccessTokens(serverKey: [UInt8](repeating: 1, count: 32), clock: server.clock.platform)
        let sender = try await server.authenticator.authenticate(server.basic("alice", "correct horse"))
        let theirs = "Bearer " + (try foreign.issue(for: sender, grants, in: server.catalogue.current).text)
        var changed = Array(text.utf8)
        changed[40] = changed[40] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let fields = [theirs, String(decoding: changed, as: UTF8.self), String(text.dropLast(8)), "Bearer sat_", "Bearer sat_!"]
        for (number, field) in zip(UInt8(1)..., fields) {
            #expect(server.authenticator.cached(request(field, from: number)) == nil)
            #expect(await server.refusal(request(field, from: number)) == .unauthenticated)
        }
    }

    @Test func `more than fits into a field is refused`() throws {
        let many = TokenGrants(
            Dictionary(uniqueKeysWithValues: (0..<100).map { ("images/p/r/a-long-name-of-an-image-\($0)", .read) }))
        let error = #expect(throws: SaveError.self) {
            try tokens.issue(for: .anonymous, many, in: server.catalogue.current)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(
        arguments: [
            ("files.acme.test", [10, 0, 0, 1], true, "https://files.acme.test"), ("files.acme.test", [10, 0, 0, 1], false, nil),
            ("files.acme.test", [127, 0, 0, 1], false, nil), ("127.0.0.1:8080", [10, 0, 0, 1], false, nil),
            ("127.0.0.1:8080", [127, 0, 0, 1], false, "http://127.0.0.1:8080"),
            ("LocalHost:8080", [127, 0, 0, 2], false, "http://LocalHost:8080"),
            ("[::1]:8080", [UInt8](repeating: 0, count: 15) + [1], false, "http://[::1]:8080"),
            ("[::11]", [127, 0, 0, 1], false, nil),
            ("127.0.0.1.acme.test", [127, 0, 0, 1], false, nil), ("localhost.acme.test", [127, 0, 0, 1], false, nil),
            ("", [127, 0, 0, 1], false, nil),
        ] as [(String, [UInt8], Bool, String?)]) func `clients are sent for tokens by https, or to the machine that they are on`(
            host: String, client: [UInt8], isSecure: Bool, origin: String?
        )
    {
        let request = HTTPRequest(
            method: .get, target: Array("/v3/".utf8), headers: ["Host": host], client: ClientAddress(bytes: client),
            isSecure: isSecure)
        #expect(request.confidentialOrigin == origin)
    }

    @Test(arguments: [
        ("/v3/images/p/r/team/app/files/x", "images/p/r/team/app"), ("/v3/images/p/r/app/files/new/x", "images/p/r/app"),
        ("/v3/images/p/r/app/list", "images/p/r/app"), ("/v3/images/p/r/app/files/", nil),
        ("/v3/images/p/r/%61pp/list", "images/p/r/app"),
        ("/v3/images/p/r/files/files/x", "images/p/r/files"), ("/v3/", nil), ("/v3/images/p/r/app", nil), ("/v3/../x/list", nil),
    ]) func `the name of a package is what stands before the ending of a path`(path: String, name: String?) {
        #expect(Images.descriptor.mount?.packageName(in: Array(path.utf8)[...]) == name)
    }
}
