import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// A way of signing in that the gate has never heard of: `ci-<robot>-<minutes>` as a bearer token, or as the password of
/// `__token__`, signs in as that robot for so long, limited to reading. Its word is checked with somebody else, slowly.
private final class BuildTokenSignIn: SignInProviding {
    private struct Proof: CredentialProof {
        let robot: String
        let until: Timestamp

        func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
            guard now < until, let robot = catalogue.robots[robot], !robot.disabled else { return nil }
            let context = KeyContext(id: "build", scopes: [KeyScope(resource: nil, permissions: [.read])], expires: until)
            let principal = Principal.robot(id: robot.id, name: robot.name, project: robot.project, key: context)
            return ResolvedCredential(principal, expires: until)
        }
    }

    let clock: ManualClock
    private let asked = Mutex(0)
    var checks: Int { asked.withLock { $0 } }

    init(_ clock: ManualClock) { self.clock = clock }

    func recognizes(_ credential: PresentedCredential) -> Bool {
        credential.claimedOwner == nil && credential.secret.starts(with: "ci-".utf8)
    }

    func identity(of credential: PresentedCredential) -> String { "build token" }

    func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict {
        asked.withLock { $0 += 1 }
        await Task.yield()
        let parts = String(decoding: credential.secret, as: UTF8.self).split(separator: "-").map { String($0) }
        guard parts.count == 3, let minutes = Int64(parts[2]) else { return .refused(SignInRefusal("token")) }
        return .proven(Proof(robot: parts[1], until: clock.platform.now().adding(seconds: minutes * 60)))
    }
}

/// Sessions that a provider opened, as `session-<seconds>`: alice, without a key, until then. Only the answer says when.
private struct SessionSignIn: SignInProviding {
    private struct Proof: CredentialProof {
        let until: Timestamp

        func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
            catalogue.users["alice"].map {
                ResolvedCredential(.user(id: $0.id, username: $0.username, role: $0.role, key: nil), expires: until)
            }
        }
    }

    func recognizes(_ credential: PresentedCredential) -> Bool { credential.secret.starts(with: "session-".utf8) }

    func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict {
        let seconds = Int64(String(decoding: credential.secret.dropFirst(8), as: UTF8.self)) ?? 0
        return .proven(Proof(until: Timestamp(seconds: seconds)))
    }
}

/// A directory of people elsewhere: knows `carol`, whatever her password, as the local user of that name.
private struct DirectorySignIn: SignInProviding {
    private struct Proof: CredentialProof {
        let name: String
        func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
            ResolvedCredential(.user(id: 77, username: name, role: .user, key: nil))
        }
    }

    func recognizes(_ credential: PresentedCredential) -> Bool { credential.accountName?.isRobot == false }

    func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict {
        credential.name == "carol" ? .proven(Proof(name: "carol")) : .unknown(.unknownUser)
    }
}

struct AccessSignInProviderTests {
    private func server() async throws -> (Accounting, BuildTokenSignIn) {
        let clock = ManualClock()
        let tokens = BuildTokenSignIn(clock)
        return (try await Accounting(clock: clock, others: [tokens, DirectorySignIn()]), tokens)
    }

    @Test func `another way of signing in needs no change of the gate: remembered, limited to its scopes and its time`()
        async throws
    {
        let (server, tokens) = try await server()
        let request = server.request("Bearer ci-ci-15")
        #expect(server.authenticator.cached(request) == nil)
        let principal = try await server.authenticator.authenticate(request).principal
        #expect(principal.auditName == "sa$ci")
        #expect(principal.key?.scopes == [KeyScope(resource: nil, permissions: [.read])])
        for _ in 0..<10 { #expect(server.authenticator.cached(request)?.principal == principal) }
        #expect(try await server.authenticator.authenticate(server.basic("__token__", "ci-ci-15")).principal.auditName == "sa$ci")
        #expect(tokens.checks == 2)
        server.clock.advance(seconds: 15 * 60)
        #expect(server.authenticator.cached(request) == nil)
    }

    @Test func `a session ends when its provider says, remembered or not, and so does what began under it`() async throws {
        let server = try await Accounting(clock: ManualClock(), others: [SessionSignIn()])
        let end = server.clock.platform.now().adding(seconds: 60)
        let request = server.request("Bearer session-\(end.seconds)")
        let session = try await server.authenticator.authenticate(request)
        #expect(session.expires == Timestamp(seconds: end.seconds) && session.principal.key == nil)
        server.clock.advance(seconds: 59)
        #expect(server.authenticator.cached(request)?.principal == session.principal)
        _ = try session.renewed(in: server.catalogue.current, at: server.clock.platform.now())
        server.clock.advance(seconds: 1)
        #expect(server.authenticator.cached(request) == nil)
        // The provider would still say yes: that it has ended is looked at here.
        #expect(await server.refusal(request) == .unauthenticated)
        #expect(throws: SaveError.self) {
            try session.renewed(in: server.catalogue.current, at: server.clock.platform.now())
        }
    }

    @Test func `G10 what any provider proved ends with the account, on the next request`() async throws {
        let (server, _) = try await server()
        let request = server.request("Bearer ci-ci-15")
        _ = try await server.authenticator.authenticate(request)
        try await server.change { writing in
            var robot = try #require(try writing.robots().first)
            robot.disabled = true
            _ = try writing.put(robot)
        }
        #expect(server.authenticator.cached(request) == nil)
        #expect(await server.refusal(request) == .unauthenticated)
    }

    @Test func `G04 failures of any provider are counted and written down alike`() async throws {
        let (server, tokens) = try await server()
        var codes: [SaveError.Code?] = []
        for number in 0..<8 { codes.append(await server.refusal(server.request("Bearer ci-guess\(number)"))) }
        #expect(codes.prefix(5).allSatisfy { $0 == .unauthenticated } && codes.dropFirst(5).allSatisfy { $0 == .tooManyRequests })
        #expect(tokens.checks == 5)
        let records = try await server.audit()
        #expect(records.map(\.resource) == ["build token", "build token"])
        #expect(records.map { $0.details["reason"] } == ["token", "limited"])
        #expect(!records.description.contains("guess"))
    }

    @Test func `a name that one provider does not know is asked of the next, and a wrong password of a known one is not`()
        async throws
    {
        let (server, _) = try await server()
        #expect(try await server.authenticator.authenticate(server.basic("carol", "anything")).principal.name == .user("carol"))
        #expect(await server.refusal(server.basic("dave", "anything")) == .unauthenticated)
        try await server.add("carol", "her password here")
        #expect(await server.refusal(server.basic("carol", "another thing")) == .unauthenticated)
        #expect(try await server.audit().map { $0.details["reason"] } == ["unknown_user", "password"])
    }

    @Test func `keys and passwords go on beside it`() async throws {
        let (server, tokens) = try await server()
        #expect(
            try await server.authenticator.authenticate(server.basic("alice", "correct horse")).principal.name == .user("alice"))
        let key = try await server.key(for: .robot("ci"))
        #expect(server.authenticator.cached(server.request("Bearer \(key)"))?.principal.auditName == "sa$ci")
        #expect(await server.refusal(server.request("Bearer something-else")) == .unauthenticated)
        #expect(tokens.checks == 0)
    }
}
