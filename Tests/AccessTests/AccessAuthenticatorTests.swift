internal import Foundation
import SaveAccess
import SaveAudit
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// A server's accounts in memory: user `alice` with the password `correct horse`, robot `ci`.
struct Accounting {
    let store = InMemoryMetadataStore()
    let hasher = PlainPasswordHasher()
    let clock: ManualClock
    let catalogue: Catalogue
    let uses: KeyUses
    let authenticator: Authenticator
    let serverKey = [UInt8](repeating: 9, count: 32)
    let client = ClientAddress(bytes: [192, 0, 2, 1])

    /// - Parameter others: ways of signing in behind keys and passwords.
    init(
        clock: ManualClock = ManualClock(), others: [any SignInProviding] = [], formats: [any RepositoryFormat.Type] = [],
        cacheCapacity: Int = 10_000
    ) async throws {
        self.clock = clock
        var registry = FormatRegistry()
        for format in formats { try registry.register(format) }
        catalogue = Catalogue(store: store, formats: registry, clock: clock.platform)
        uses = KeyUses(store: store, clock: clock.platform, log: .silent())
        let local: [any SignInProviding] = [
            KeySignIn(serverKey: serverKey, clock: clock.platform), PasswordSignIn(hasher: hasher),
        ]
        authenticator = Authenticator(
            catalogue: catalogue, providers: local + others, uses: uses, serverKey: serverKey, clock: clock.platform,
            trail: AuditAggregator(store: store, clock: clock.platform, log: .silent()), cacheCapacity: cacheCapacity)
        try await add("alice", "correct horse")
        try await addRobot()
    }

    func add(_ name: String, _ password: String, role: SystemRole = .user) async throws {
        try await Accounts.createUser(
            name, password: Array(password.utf8), role: role, hasher: hasher, in: store, at: clock.platform.now())
        try await catalogue.reload()
    }

    func addRobot() async throws {
        let now = clock.platform.now()
        _ = try await store.write { try $0.put(RobotRecord(name: "ci", created: now, updated: now)) }
        try await catalogue.reload()
    }

    func key(for owner: PrincipalName, expires: Timestamp? = nil, scopes: [KeyScope] = []) async throws -> String {
        let (text, record) = try APIKey.issue(
            for: owner, scopes: scopes, expires: expires, at: clock.platform.now(), serverKey: serverKey)
        try await change { try $0.put(record) }
        return text
    }

    func change(_ body: @escaping @Sendable (any MetadataWriting) throws -> Void) async throws {
        try await store.write(body)
        try await catalogue.reload()
    }

    func request(_ field: String?, at path: String = "/", from address: ClientAddress? = nil) -> HTTPRequest {
        var headers = HTTPHeaders()
        if let field { headers.append("Authorization", field) }
        return HTTPRequest(method: .get, target: Array(path.utf8), headers: headers, client: address ?? client)
    }

    func basic(_ name: String, _ password: String) -> HTTPRequest { request(Self.basic(name, password)) }

    static func basic(_ name: String, _ password: String) -> String {
        "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
    }

    /// The code of the refusal; nil when there was none.
    func refusal(_ request: HTTPRequest) async -> SaveError.Code? {
        do {
            _ = try await authenticator.authenticate(request)
            return nil
        } catch {
            return (error as? SaveError)?.code
        }
    }

    func audit() async throws -> [AuditRecord] {
        try await store.read { try $0.audit(after: 0, limit: 1000) }.filter { $0.action == "auth.fail" }
    }
}

struct AccessAuthenticatorTests {
    @Test func `without credentials one is anonymous, at once`() async throws {
        let server = try await Accounting()
        #expect(server.authenticator.cached(server.request(nil))?.principal == .anonymous)
        #expect(try await server.authenticator.authenticate(server.request(nil)).principal == .anonymous)
    }

    @Test func `a password is checked once and known from then on`() async throws {
        let server = try await Accounting()
        let request = server.basic("alice", "correct horse")
        #expect(server.authenticator.cached(request) == nil)
        let principal = try await server.authenticator.authenticate(request).principal
        #expect(principal.name == .user("alice"))
        #expect(server.authenticator.cached(request)?.principal == principal)
        #expect(try await server.authenticator.authenticate(request).principal == principal)
        #expect(server.hasher.checks == 1)
    }

    @Test func `R-57 the scheme is read without regard to case`() async throws {
        let server = try await Accounting()
        let token = Accounting.basic("alice", "correct horse").dropFirst(5)
        for scheme in ["basic", "BASIC", "bAsIc"] {
            #expect(try await server.authenticator.authenticate(server.request(scheme + token)).principal.name == .user("alice"))
        }
    }

    @Test(arguments: ["Basic Og==", "basic Og=="])
    func `an empty name with an empty password is nobody's, and no failure`(field: String) async throws {
        let server = try await Accounting()
        #expect(server.authenticator.cached(server.request(field))?.principal == .anonymous)
        #expect(try await server.audit().isEmpty)
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic !!!", "Basic YWxpY2U=", "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ",
        "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ== ",
        "Basic gP+A/w==", "Bearer", "Bearer x", "Digest username=alice", "Basic  \u{0}", "Bearer sav_",
        "Basic " + String(repeating: "A", count: 1 << 20),
    ]) func `R-55 malformed credentials are refused like wrong ones`(field: String) async throws {
        let server = try await Accounting()
        #expect(server.authenticator.cached(server.request(field)) == nil)
        #expect(await server.refusal(server.request(field)) == .unauthenticated)
    }

    @Test func `two fields are refused even when the first is right`() async throws {
        let server = try await Accounting()
        let right = server.basic("alice", "correct horse")
        _ = try await server.authenticator.authenticate(right)
        var headers = right.headers
        headers.append("authorization", Accounting.basic("alice", "other"))
        let request = HTTPRequest(method: .get, target: Array("/".utf8), headers: headers)
        #expect(server.authenticator.cached(request) == nil)
        #expect(await server.refusal(request) == .unauthenticated)
    }

    @Test func `R-55 R-57 unknown, wrong, and wrong for a disabled user are one answer at one cost`() async throws {
        let server = try await Accounting()
        try await server.add("bob", "correct horse")
        try await server.change { writing in
            var bob = try Accounts.user("bob", in: writing)
            bob.disabled = true
            _ = try writing.put(bob)
        }
        var errors: Set<String> = []
        for (name, password) in [("alice", "wrong"), ("nobody", "wrong"), ("bob", "wrong"), ("SA$ci", "x"), ("", "x")] {
            let error = await #expect(throws: SaveError.self) {
                try await server.authenticator.authenticate(server.basic(name, password))
            }
            errors.insert("\(error.map { "\($0.code.rawValue) \($0.message) \($0.details)" } ?? "")")
        }
        #expect(errors.count == 1)
        #expect(server.hasher.checks == 5)
        #expect(server.hasher.dummyChecks == 3)
    }

    @Test(arguments: [
        "with:colon:s", " leading space", "with\u{0}zero byte", "emoji 🗝️ key", String(repeating: "x", count: 72),
        String(repeating: "x", count: 1024),
    ]) func `passwords match exactly, to the last byte`(password: String) async throws {
        let server = try await Accounting()
        try await server.add("bob", password)
        #expect(await server.refusal(server.basic("bob", password)) == nil)
        #expect(await server.refusal(server.basic("bob", String(password.dropLast()))) == .unauthenticated)
        #expect(await server.refusal(server.basic("bob", password + "x")) == .unauthenticated)
    }

    @Test func `disabling, deleting and a new password end a known credential with the next request`() async throws {
        let server = try await Accounting()
        let request = server.basic("alice", "correct horse")
        _ = try await server.authenticator.authenticate(request)

        try await server.change { writing in
            var alice = try Accounts.user("alice", in: writing)
            alice.disabled = true
            _ = try writing.put(alice)
        }
        #expect(server.authenticator.cached(request) == nil)
        #expect(await server.refusal(request) == .unauthenticated)

        try await server.change { writing in
            var alice = try Accounts.user("alice", in: writing)
            alice.disabled = false
            _ = try writing.put(alice)
        }
        _ = try await server.authenticator.authenticate(request)
        try await Accounts.setPassword(
            of: "alice", to: Array("battery staple".utf8), hasher: server.hasher, in: server.store,
            at: server.clock.platform.now())
        try await server.catalogue.reload()
        #expect(server.authenticator.cached(request) == nil)
        #expect(await server.refusal(request) == .unauthenticated)

        let other = server.basic("alice", "battery staple")
        _ = try await server.authenticator.authenticate(other)
        try await server.change { try $0.deleteUser(Accounts.user("alice", in: $0).id) }
        #expect(server.authenticator.cached(other) == nil)
        try await server.add("alice", "battery staple")
        #expect(server.authenticator.cached(other) == nil)
    }

    @Test func `a known credential has the role of now, not of then`() async throws {
        let server = try await Accounting()
        let request = server.basic("alice", "correct horse")
        _ = try await server.authenticator.authenticate(request)
        try await server.change { writing in
            var alice = try Accounts.user("alice", in: writing)
            alice.role = .auditor
            _ = try writing.put(alice)
        }
        guard case .user(_, _, let role, nil)? = server.authenticator.cached(request)?.principal else {
            Issue.record("the credential is no longer known")
            return
        }
        #expect(role == .auditor)
    }

    @Test func `fifty first requests at once cost one hash`() async throws {
        let server = try await Accounting()
        server.hasher.hold()
        try await withThrowingTaskGroup(of: Principal.self) { group in
            for _ in 0..<50 {
                group.addTask { try await server.authenticator.authenticate(server.basic("alice", "correct horse")).principal }
            }
            while server.hasher.checks == 0 { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            server.hasher.release()
            for try await principal in group { #expect(principal.name == .user("alice")) }
        }
        #expect(server.hasher.checks == 1)
    }

    @Test func `a server that is busy says so and counts no failure`() async throws {
        let server = try await Accounting()
        server.hasher.refuse()
        for _ in 0..<20 { #expect(await server.refusal(server.basic("alice", "correct horse")) == .busy) }
        #expect(try await server.audit().isEmpty)
    }
}

struct AccessFailedSignInTests {
    @Test func `a failed sign-in leaves a record with name, address and reason, without the password`() async throws {
        let server = try await Accounting()
        #expect(await server.refusal(server.basic("alice", "canary-password")) == .unauthenticated)
        #expect(await server.refusal(server.basic("nobody", "canary-password")) == .unauthenticated)
        let records = try await server.audit()
        #expect(records.map(\.resource) == ["alice", "nobody"])
        #expect(records.map { $0.details["reason"] } == ["password", "unknown_user"])
        #expect(records.allSatisfy { $0.outcome == .failed && $0.sourceIP == "192.0.2.1" && $0.actor == "anonymous" })
        #expect(!records.description.contains("canary"))
    }

    @Test func `a secret in the place of the name is not recorded`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .user("alice"))
        _ = await server.refusal(server.basic(key, ""))
        _ = await server.refusal(server.basic("not a name: canary", "x"))
        let records = try await server.audit()
        #expect(records.count == 1)
        #expect(!records.description.contains(key) && !records.description.contains("canary"))
    }

    @Test func `a flood of guesses is slowed down and leaves few records that count it`() async throws {
        let server = try await Accounting()
        var codes: [SaveError.Code?] = []
        for number in 0..<200 { codes.append(await server.refusal(server.basic("alice", "guess \(number)"))) }
        #expect(codes.prefix(5).allSatisfy { $0 == .unauthenticated })
        #expect(codes.dropFirst(5).allSatisfy { $0 == .tooManyRequests })
        #expect(server.hasher.checks == 5)
        #expect(try await server.audit().count == 2)
        server.clock.advance(seconds: 11)
        _ = await server.refusal(server.basic("alice", "guess again"))
        let last = try #require(try await server.audit().last)
        #expect(last.details["count"] == 5)
    }

    @Test func `credentials that are known are not slowed down by somebody's guesses`() async throws {
        let server = try await Accounting()
        let right = server.basic("alice", "correct horse")
        let key = server.request("Bearer \(try await server.key(for: .user("alice")))")
        _ = try await server.authenticator.authenticate(right)
        for number in 0..<20 { _ = await server.refusal(server.basic("alice", "guess \(number)")) }
        #expect(await server.refusal(server.basic("alice", "another")) == .tooManyRequests)
        #expect(await server.refusal(right) == nil)
        #expect(await server.refusal(key) == nil)
        let elsewhere = server.request(Accounting.basic("alice", "correct horse"), from: ClientAddress(bytes: [198, 51, 100, 7]))
        #expect(await server.refusal(elsewhere) == nil)
    }
}
