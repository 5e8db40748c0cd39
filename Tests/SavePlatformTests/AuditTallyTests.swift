import SavePlatform
import SaveTestKit
import Testing

struct AuditTallyTests {
    private let store = InMemoryMetadataStore()
    private let clock = ManualClock()

    private func subject(_ file: String) -> AuditTally.Subject {
        AuditTally.Subject(
            action: "file.download", resourceType: "file", resource: "p/r/\(file)", actor: "anonymous", address: [192, 0, 2, 1],
            userAgent: "pip/1")
    }

    private let request = HTTPRequest(
        method: .get, target: Array("/x".utf8), headers: HTTPHeaders(), body: .empty,
        client: ClientAddress(bytes: [192, 0, 2, 1]))

    private func records() async throws -> [AuditRecord] { try await store.read { try $0.audit(after: 0, limit: 10_000) } }

    @Test func `equal events of some seconds are one record with their number`() async throws {
        let tally = AuditTally(store: store, clock: clock.platform, log: .silent())
        for number in 0..<5 { tally.note(subject("a"), by: .anonymous, request, isPart: number == 0) }
        tally.note(subject("b"), by: .anonymous, request)
        await tally.write(all: false)
        #expect(try await records().isEmpty, "they are counted for a while")
        clock.advance(seconds: 10)
        await tally.write(all: false)
        await tally.write(all: true)
        let found = try await records()
        #expect(found.map(\.resource).sorted() == ["p/r/a", "p/r/b"])
        let first = try #require(found.first { $0.resource == "p/r/a" })
        #expect(first.details["count"] == 4)
        #expect(first.details["parts"] == 1)
        #expect(first.userAgent == "pip/1")
        #expect(first.sourceIP == "192.0.2.1")
        #expect(first.requestID == request.id.description)
    }

    @Test func `many different events are written at once, in the order they came in`() async throws {
        let tally = AuditTally(store: store, clock: clock.platform, log: .silent())
        for number in 0..<1000 { tally.note(subject("\(number)"), by: .anonymous, request) }
        await tally.write(all: false)
        #expect(try await records().count == 1000)
        #expect(tally.lost == 0)
    }

    @Test func `what has no place is lost, counted, and told of in the trail`() async throws {
        let tally = AuditTally(store: store, clock: clock.platform, log: .silent(), capacity: 3)
        for number in 0..<5 { tally.note(subject("\(number)"), by: .anonymous, request) }
        tally.note(subject("0"), by: .anonymous, request)
        #expect(tally.lost == 2)
        await tally.write(all: true)
        let found = try await records()
        #expect(found.filter { $0.action == "file.download" }.count == 3)
        #expect(found.first { $0.action == "audit.lost" }?.details["count"] == 2)
        await tally.write(all: true)
        #expect(try await records().count == 4, "it is told once")
    }

    @Test func `events that cannot be written are counted as lost, and the next ones are written`() async throws {
        let tally = AuditTally(
            store: FaultyMetadataStore(store, failing: 1), clock: clock.platform, log: .silent())
        tally.note(subject("a"), by: .anonymous, request)
        await tally.write(all: true)
        #expect(tally.lost == 1)
        tally.note(subject("b"), by: .anonymous, request)
        await tally.write(all: true)
        #expect(try await records().map(\.action) == ["audit.lost", "file.download"])
    }
}
