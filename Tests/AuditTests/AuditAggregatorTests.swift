import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

struct AuditAggregatorTests {
    private let store = InMemoryMetadataStore()
    private let clock = ManualClock()

    private func subject(_ file: String) -> AuditAggregator.Subject {
        AuditAggregator.Subject(
            action: "file.download", resourceType: "file", resource: "p/r/\(file)", actor: "anonymous", address: [192, 0, 2, 1],
            userAgent: "pip/1")
    }

    private let request = HTTPRequest(
        method: .get, target: Array("/x".utf8), headers: HTTPHeaders(), body: .empty,
        client: ClientAddress(bytes: [192, 0, 2, 1]))

    private func records() async throws -> [AuditRecord] { try await store.read { try $0.audit(after: 0, limit: 10_000) } }

    @Test func `equal events of some seconds are one record with their number`() async throws {
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent())
        for number in 0..<5 { aggregator.note(subject("a"), by: .anonymous, request, isPart: number == 0) }
        aggregator.note(subject("b"), by: .anonymous, request)
        await aggregator.write(all: false)
        #expect(try await records().isEmpty, "they are counted for a while")
        clock.advance(seconds: 10)
        await aggregator.write(all: false)
        await aggregator.write(all: true)
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
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent())
        for number in 0..<1000 { aggregator.note(subject("\(number)"), by: .anonymous, request) }
        await aggregator.write(all: false)
        #expect(try await records().count == 1000)
        #expect(aggregator.lost == 0)
    }

    @Test func `what has no place is lost, counted, and told of in the trail`() async throws {
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent(), capacity: 3)
        for number in 0..<5 { aggregator.note(subject("\(number)"), by: .anonymous, request) }
        aggregator.note(subject("0"), by: .anonymous, request)
        #expect(aggregator.lost == 2)
        await aggregator.write(all: true)
        let found = try await records()
        #expect(found.filter { $0.action == "file.download" }.count == 3)
        #expect(found.first { $0.action == "audit.lost" }?.details["count"] == 2)
        await aggregator.write(all: true)
        #expect(try await records().count == 4, "it is told once")
    }

    @Test func `events that cannot be written are counted as lost, and the next ones are written`() async throws {
        let aggregator = AuditAggregator(
            store: FaultyMetadataStore(store, failing: 1), clock: clock.platform, log: .silent())
        aggregator.note(subject("a"), by: .anonymous, request)
        await aggregator.write(all: true)
        #expect(aggregator.lost == 1)
        aggregator.note(subject("b"), by: .anonymous, request)
        await aggregator.write(all: true)
        #expect(try await records().map(\.action) == ["audit.lost", "file.download"])
    }

    private func refuse(
        _ aggregator: AuditAggregator, as name: String = "mallory", route: String = "PUT /x", in place: String = "p/r"
    )
        async
    {
        let event = AuditEvent(
            "file.upload", "file", "p/r/\(Int.random(in: 0..<1 << 40))", outcome: .denied, details: ["error": "forbidden"])
        let context = AuditContext(principal: .user(id: 1, username: name, role: .user, key: nil), sourceIP: "192.0.2.1")
        await aggregator.recordRefusal(event, context, route: route, in: place)
    }

    @Test func `refusals of somebody who does not stop are counted, whatever they name, and none is lost`() async throws {
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent())
        for number in 0..<36_000 {
            await refuse(aggregator)
            if number % 1500 == 1499 {
                clock.advance(seconds: 1)
                await aggregator.write(all: false)
            }
        }
        await aggregator.write(all: true)
        let found = try await records()
        #expect(found.count < 50)
        #expect(found.reduce(0) { $0 + ($1.details["count"]?.integer ?? 1) } == 36_000)
        #expect(found.allSatisfy { $0.action == "file.upload" && $0.outcome == .denied && $0.actor == "mallory" })
        #expect(found.allSatisfy { $0.details["error"] == "forbidden" })
    }

    @Test func `every account, route and place is counted by itself, and somebody who errs gets a record each time`() async throws
    {
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent())
        for name in ["mallory", "eve"] {
            for route in ["PUT /x", "DELETE /x"] {
                for place in ["p/r", "p/s"] {
                    for _ in 0..<10 { await refuse(aggregator, as: name, route: route, in: place) }
                }
            }
        }
        #expect(try await records().count == 80)
        #expect(try await records().allSatisfy { $0.details["count"] == nil })
        await refuse(aggregator)
        #expect(try await records().count == 80)
        clock.advance(seconds: 10)
        await refuse(aggregator)
        #expect(try await records().count == 81, "another ten seconds, another ten")
    }

    @Test func `on a full disk nothing is recorded that need not be, and the loss is told of once there is room`() async throws {
        let room = Mutex(false)
        let aggregator = AuditAggregator(store: store, clock: clock.platform, log: .silent()) { room.withLock { $0 } }
        for _ in 0..<15 { await refuse(aggregator) }
        for number in 0..<5 { aggregator.note(subject("\(number)"), by: .anonymous, request) }
        await aggregator.write(all: true)
        #expect(try await records().isEmpty)
        #expect(aggregator.lost == 20)
        clock.advance(seconds: 10)
        await aggregator.write(all: false)
        #expect(try await records().isEmpty)
        room.withLock { $0 = true }
        clock.advance(seconds: 10)
        await aggregator.write(all: false)
        #expect(try await records().map(\.action) == ["audit.lost"])
        #expect(try await records().first?.details["count"] == 20)
        await refuse(aggregator)
        await aggregator.write(all: true)
        #expect(try await records().map(\.action) == ["audit.lost", "file.upload"])
    }
}
