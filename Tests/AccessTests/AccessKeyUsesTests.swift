import EngineTestKit
import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct AccessKeyUsesTests {
    private func stored(_ server: Accounting) async throws -> [KeyUse] { try await server.store.read { try $0.keyUses() } }

    private func id(_ key: String) -> String { String(key.dropFirst(4).prefix(12)) }

    @Test func `a key's last use is known at once, to the minute, and from where`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"))
        #expect(server.uses[id(key)] == nil)
        let start = server.clock.platform.now()
        #expect(server.authenticator.cached(server.request("Bearer \(key)")) != nil)
        #expect(server.uses[id(key)] == KeyUse(key: id(key), time: start, address: "192.0.2.1"))
        server.clock.advance(seconds: 59)
        let elsewhere = server.request("Bearer \(key)", from: ClientAddress(bytes: [198, 51, 100, 7]))
        #expect(server.authenticator.cached(elsewhere) != nil)
        #expect(server.uses[id(key)]?.time == start)
        server.clock.advance(seconds: 1)
        #expect(server.authenticator.cached(elsewhere) != nil)
        #expect(server.uses[id(key)] == KeyUse(key: id(key), time: start.adding(seconds: 60), address: "198.51.100.7"))
    }

    @Test func `what is refused is no use`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"), expires: server.clock.platform.now().adding(seconds: 1))
        #expect(await server.refusal(server.basic("alice", key)) == .unauthenticated)
        server.clock.advance(seconds: 1)
        #expect(await server.refusal(server.request("Bearer \(key)")) == .unauthenticated)
        #expect(server.uses[id(key)] == nil)
    }

    @Test func `uses of all keys are one write, and a key is written once a minute however often it is used`() async throws {
        let server = try await Accounting()
        let keys = [try await server.key(for: .robot("ci")), try await server.key(for: .user("alice"))]
        let store = WriteCountingStore(server.store)
        let uses = KeyUses(store: store, clock: server.clock.platform, log: .silent())
        let authenticator = Authenticator(
            catalogue: server.catalogue, providers: [KeySignIn(serverKey: server.serverKey, clock: server.clock.platform)],
            uses: uses, serverKey: server.serverKey, clock: server.clock.platform,
            trail: AuditAggregator(store: server.store, clock: server.clock.platform, log: .silent()))
        for _ in 0..<100 { for key in keys { _ = authenticator.cached(server.request("Bearer \(key)")) } }
        await uses.save()
        #expect(store.writes == 1)
        #expect(try await stored(server).map(\.key) == keys.map(id).sorted())
        for second in 1...60 {
            server.clock.advance(seconds: 1)
            _ = authenticator.cached(server.request("Bearer \(keys[0])"))
            await uses.save()
            #expect(store.writes == (second < 60 ? 1 : 2))
        }
    }

    @Test func `uses are known again after a restart, and forgotten with the key`() async throws {
        let server = try await Accounting()
        let kept = try await server.key(for: .robot("ci")), revoked = try await server.key(for: .robot("ci"))
        for key in [kept, revoked] { _ = server.authenticator.cached(server.request("Bearer \(key)")) }
        try await server.change { _ = try $0.deleteKey(String(revoked.dropFirst(4).prefix(12))) }
        await server.uses.save()
        #expect(try await stored(server).map(\.key) == [id(kept)])
        #expect(server.uses[id(revoked)] == nil)
        let restarted = KeyUses(store: server.store, clock: server.clock.platform, log: .silent())
        try await restarted.load()
        #expect(restarted[id(kept)] == server.uses[id(kept)])
    }

    @Test func `uses that cannot be written now are written later`() async throws {
        let server = try await Accounting()
        let key = try await server.key(for: .robot("ci"))
        let store = WriteCountingStore(server.store)
        let uses = KeyUses(store: store, clock: server.clock.platform, log: .silent())
        let authenticator = Authenticator(
            catalogue: server.catalogue, providers: [KeySignIn(serverKey: server.serverKey, clock: server.clock.platform)],
            uses: uses, serverKey: server.serverKey, clock: server.clock.platform,
            trail: AuditAggregator(store: server.store, clock: server.clock.platform, log: .silent()))
        _ = authenticator.cached(server.request("Bearer \(key)"))
        store.fails = true
        await uses.save()
        #expect(try await stored(server).isEmpty)
        store.fails = false
        await uses.save()
        #expect(try await stored(server).map(\.key) == [id(key)])
    }
}
