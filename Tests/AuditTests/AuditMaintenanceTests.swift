import Foundation
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Keeps anchors as lines, or fails.
private final class NotedAnchors: AuditAnchoring {
    private let seal: AuditSeal
    private let notes = Mutex<(lines: [[UInt8]], isFailing: Bool)>(([], false))
    var all: [[UInt8]] { notes.withLock { $0.lines } }

    init(_ seal: AuditSeal) { self.seal = seal }
    func fail(_ isFailing: Bool) { notes.withLock { $0.isFailing = isFailing } }
    func keep(_ anchor: AuditAnchor) async throws {
        try notes.withLock { notes in
            guard !notes.isFailing else { throw SaveError(.storageFull, "no room") }
            notes.lines.append(anchor.line(seal))
        }
    }
    func lines() -> AuditAnchorLines { AuditAnchorLines(Data(all.flatMap { $0 + [UInt8(ascii: "\n")] })) }
}

struct AuditMaintenanceTests {
    private let store = InMemoryMetadataStore()
    private let clock = ManualClock()
    private let seal = AuditSeal(serverKey: [1, 2, 3])
    private let places: NotedAnchors

    init() { places = NotedAnchors(seal) }

    private func upkeep(days: Int64? = nil) -> AuditMaintenance {
        var rules = AuditMaintenance.Rules()
        rules.retentionDays = days
        return AuditMaintenance(
            store: store, seal: seal, places: [places], rules: rules, clock: clock.platform, log: .silent())
    }

    private func add(_ count: Int, apart seconds: UInt64 = 0) async throws {
        for number in 0..<count {
            let now = clock.platform.now()
            try await store.write { try $0.record(AuditEvent("x.y", "x", "r\(number)"), .system, at: now) }
            clock.advance(seconds: seconds)
        }
    }

    private func verify(anchored: Bool = true, as seal: AuditSeal? = nil) async throws -> ChainWalk.Result {
        let lines = anchored ? places.lines() : nil
        return try await AuditVerifier(store: store, seal: seal ?? self.seal) { lines }.run()
    }

    @Test func `a trail is anchored when it has grown for long enough or by enough, and at the end`() async throws {
        let upkeep = upkeep()
        await upkeep.tick()
        #expect(places.all.isEmpty, "there is nothing to anchor yet")
        try await add(1)
        await upkeep.tick()
        try await add(1)
        await upkeep.tick()
        #expect(places.all.count == 1)
        clock.advance(seconds: 60)
        await upkeep.tick()
        await upkeep.tick()
        #expect(places.all.count == 2)
        try await add(1000)
        await upkeep.tick()
        #expect(places.all.count == 3)
        try await add(1)
        await upkeep.finish()
        await upkeep.finish()
        #expect(places.all.count == 4)
        let found = try await verify()
        #expect(found.problem == nil)
        #expect(found.anchors == 4)
    }

    @Test func `an anchor that cannot be kept is counted, and the next one is`() async throws {
        let upkeep = upkeep()
        try await add(1)
        places.fail(true)
        await upkeep.tick()
        #expect(upkeep.lostAnchors == 1)
        places.fail(false)
        try await add(1)
        await upkeep.finish()
        #expect(places.all.count == 1)
    }

    @Test func `records are removed by age, oldest first, and the rest verifies`() async throws {
        try await add(10, apart: 86_400)
        await upkeep().finish()
        await upkeep(days: 5).tick()
        let kept = try await store.read { try $0.audit(after: 0, limit: 100) }
        #expect(kept.map(\.sequence) == Array(6...11))
        #expect(kept.last?.action == "audit.cut")
        #expect(kept.last?.details["through"] == 5)
        let found = try await verify()
        #expect(found.problem == nil)
        #expect(found.cut == 5)
        #expect(found.checked == 6)
        clock.advance(seconds: 86_400 * 3)
        await upkeep(days: 5).tick()
        #expect(try await verify().problem == nil)
        #expect(try await verify().cut == 8)
    }

    @Test func `nothing is removed while everything is young, and the time is looked at once a day`() async throws {
        let upkeep = upkeep(days: 5)
        try await add(3)
        await upkeep.tick()
        clock.advance(seconds: 86_400 * 6)
        await upkeep.tick()
        await upkeep.tick()
        let kept = try await store.read { try $0.audit(after: 0, limit: 100) }
        #expect(kept.map(\.action) == ["audit.cut"])
    }

    @Test func `a record that is older than one before it stays until that one goes`() async throws {
        try await add(1)
        clock.advance(seconds: 86_400 * 10)
        try await add(1)
        let early = clock.platform.now().adding(seconds: -86_400 * 10)
        try await store.write { try $0.record(AuditEvent("x.y", "x", "late"), .system, at: early) }
        await upkeep(days: 5).tick()
        #expect(try await store.read { try $0.audit(after: 0, limit: 100) }.map(\.sequence) == [2, 3, 4])
    }

    @Test func `a cut that no record tells of, or in another hand, is found`() async throws {
        try await add(5, apart: 86_400)
        let second = try #require(try await store.read { try $0.audit(after: 1, limit: 1) }.first)
        try await store.write { writing in
            try writing.cutAudit(AuditTruncation(sequence: 2, hash: second.hash))
            _ = try writing.removeCutAudit(limit: 10)
        }
        #expect(try await verify(anchored: false).brokenAt == 3)
        await upkeep(days: 2).tick()
        #expect(try await verify(anchored: false).problem == nil)
        let other = try await verify(anchored: false, as: AuditSeal(serverKey: [9]))
        #expect(other.problem?.contains("no record tells") == true)
    }

    @Test func `anchors that go back in time tell of a trail that was replaced`() async throws {
        try await add(5)
        try await places.keep(AuditAnchor(sequence: 3, hash: "x", time: clock.platform.now()))
        #expect(try await verify().brokenAt == 3)
        let first = try #require(try await store.read { try $0.audit(after: 0, limit: 1) }.first)
        let again = NotedAnchors(seal)
        for (sequence, hash) in [(Int64(9), "x"), (1, first.hash)] {
            try await again.keep(AuditAnchor(sequence: sequence, hash: hash, time: clock.platform.now()))
        }
        let lines = again.lines()
        #expect(try await AuditVerifier(store: store, seal: seal) { lines }.run().problem != nil)
    }
}
