import SaveAudit
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct AuditTrailTests {
    private func trail(_ count: Int) async throws -> InMemoryMetadataStore {
        let store = InMemoryMetadataStore()
        for number in 0..<count {
            let event = AuditEvent(
                "repository.create", "repository", "backend/r\(number)", details: ["from": nil, "to": "é\"\u{0}"])
            try await store.write { try $0.record(event, .system, at: Timestamp(seconds: Int64(number))) }
        }
        return store
    }

    private static func verify(_ store: InMemoryMetadataStore) async throws -> ChainWalk.Result {
        try await AuditVerifier(store: store, seal: AuditSeal(serverKey: [1])).run()
    }

    private func records(_ store: InMemoryMetadataStore) async throws -> [AuditRecord] {
        try await store.read { try $0.audit(after: 0, limit: 10_000) }
    }

    private func rewritten(_ records: [AuditRecord]) async throws -> InMemoryMetadataStore {
        let store = InMemoryMetadataStore()
        try await store.write { writing in for record in records { try writing.append(record) } }
        return store
    }

    @Test func `an untouched trail holds, however long`() async throws {
        #expect(try await Self.verify(InMemoryMetadataStore()).brokenAt == nil)
        let found = try await Self.verify(try await trail(1001))
        #expect(found.checked == 1001)
        #expect(found.brokenAt == nil)
    }

    private static let texts = [
        "actor", "actor_kind", "action", "resource_type", "resource", "source_ip", "user_agent", "request_id", "hash",
        "previous_hash",
    ]

    private func edit(_ field: String, of record: inout AuditRecord) {
        switch field {
        case "actor": record.actor += "x"
        case "actor_kind": record.actorKind += "x"
        case "action": record.action += "x"
        case "resource_type": record.resourceType += "x"
        case "resource": record.resource += "x"
        case "source_ip": record.sourceIP += "x"
        case "user_agent": record.userAgent += "x"
        case "request_id": record.requestID += "x"
        case "hash": record.hash += "x"
        default: record.previousHash += "x"
        }
    }

    @Test(arguments: texts) func `an edit of any text is found where it was made`(field: String) async throws {
        var records = try await records(try await trail(5))
        edit(field, of: &records[2])
        let found = try await Self.verify(try await rewritten(records))
        #expect(found.brokenAt == 3)
        #expect(found.checked == 2)
    }

    @Test func `edits of time, outcome and details are found`() async throws {
        let original = try await records(try await trail(5))
        var time = original, outcome = original, details = original
        time[4].time = Timestamp(seconds: 99)
        outcome[0].outcome = .denied
        details[1].details["to"] = "other"
        #expect(try await Self.verify(try await rewritten(time)).brokenAt == 5)
        #expect(try await Self.verify(try await rewritten(outcome)).brokenAt == 1)
        #expect(try await Self.verify(try await rewritten(details)).brokenAt == 2)
    }

    @Test func `a record that is missing is found, and so is one whose hash was made to fit`() async throws {
        var removed = try await records(try await trail(5))
        removed.remove(at: 1)
        #expect(try await Self.verify(try await rewritten(removed)).brokenAt == 2)
        var forged = try await records(try await trail(5))
        forged[1].resource = "other"
        forged[1].hash = AuditTrail.hash(of: forged[1])
        #expect(try await Self.verify(try await rewritten(forged)).brokenAt == 3)
    }

    @Test func `fields cannot be moved from one into the other`() async throws {
        var records = try await records(try await trail(1))
        records[0].action = "repository.createx"
        records[0].resourceType = "repository"
        let one = AuditTrail.hash(of: records[0])
        records[0].action = "repository.create"
        records[0].resourceType = "xrepository"
        #expect(AuditTrail.hash(of: records[0]) != one)
    }

    @Test func `long text from outside is cut`() async throws {
        let store = InMemoryMetadataStore()
        let context = AuditContext(principal: .anonymous, userAgent: String(repeating: "a", count: 100_000))
        let event = AuditEvent("x.y", "x", String(repeating: "r", count: 100_000))
        try await store.write { try $0.record(event, context, at: Timestamp(seconds: 0)) }
        let record = try #require(try await records(store).first)
        #expect(record.userAgent.utf8.count < 1100)
        #expect(record.resource.utf8.count < 1100)
    }

    @Test func `a change that fails leaves no record, and a record that fails leaves no change`() async throws {
        let store = InMemoryMetadataStore()
        struct Stop: Error {}
        await #expect(throws: Stop.self) {
            try await store.write { writing in
                try writing.record(AuditEvent("x.y", "x", "z"), .system, at: Timestamp(seconds: 0))
                throw Stop()
            }
        }
        #expect(try await records(store).isEmpty)
    }
}
