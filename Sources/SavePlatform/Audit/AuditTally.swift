internal import Synchronization

/// What happens so often that it is counted first: downloads and sign-ins. Equal events of some seconds become one record
/// with their number, written with others, behind the requests' backs.
///
/// Memory is bounded. What has no place any more, or cannot be written, is lost, counted, and told of in the trail.
package final class AuditTally: Sendable {
    /// What makes two events equal.
    package struct Subject: Sendable, Hashable {
        var action: String
        var resourceType: String
        var resource: String
        var actor: String
        /// The key that the actor signed in with.
        var key: String?
        var address: [UInt8]
        var userAgent: String
        /// The group that the file was asked for in.
        var via: String?
        var outcome = AuditRecord.Outcome.ok
        /// The code of the error that it was refused with.
        var error: String?

        package init(
            action: String, resourceType: String, resource: String, actor: String, key: String? = nil, address: [UInt8],
            userAgent: String, via: String? = nil, outcome: AuditRecord.Outcome = .ok, error: String? = nil
        ) {
            self.action = action
            self.resourceType = resourceType
            self.resource = resource
            self.actor = actor
            self.key = key
            self.address = address
            self.userAgent = userAgent
            self.via = via
            self.outcome = outcome
            self.error = error
        }
    }

    private struct Count {
        let principal: Principal
        let client: ClientAddress
        let requestID: String
        let first: Timestamp
        var last: Timestamp
        var whole: Int64 = 0
        var parts: Int64 = 0

        mutating func add(_ isPart: Bool, at now: Timestamp) {
            last = now
            if isPart { parts &+= 1 } else { whole &+= 1 }
        }
    }

    private struct State {
        var counts: [Subject: Count] = [:]
        var since: UInt64?
        var lost: Int64 = 0
        var untold: Int64 = 0

        mutating func lose(_ count: Int64) {
            lost &+= count
            untold &+= count
        }
    }

    private let store: any MetadataStore
    private let clock: PlatformClock
    private let log: Log
    private let capacity: Int
    private let state = Mutex(State())
    private let signIns = Mutex(RecentTable<SignIn, UInt64>(capacity: 50_000))
    /// Nanoseconds for which equal events are counted, and the number of different ones at which they are written sooner.
    private static let window: UInt64 = 10_000_000_000
    private static let many = 1000
    /// Nanoseconds after which somebody who goes on signing in is noted again.
    private static let signInMemory: UInt64 = 3_600_000_000_000
    /// Records in one transaction: it holds up the writer for some milliseconds.
    private static let stride = 100

    /// - Parameter capacity: how many different events wait at most.
    package init(store: any MetadataStore, clock: PlatformClock, log: Log, capacity: Int = 50_000) {
        self.store = store
        self.clock = clock
        self.log = log
        self.capacity = capacity
    }

    /// Events that did not come into the trail, since the start.
    package var lost: Int64 { state.withLock { $0.lost } }

    /// Counts an event.
    ///
    /// - Parameter isPart: a part of the file only was asked for.
    package func note(_ subject: Subject, by principal: Principal, _ request: HTTPRequest, isPart: Bool = false) {
        let now = clock.now()
        let uptime = clock.uptime()
        state.withLock { state in
            if state.counts[subject]?.add(isPart, at: now) != nil { return }
            guard state.counts.count < capacity else { return state.lose(1) }
            var count = Count(
                principal: principal, client: request.client, requestID: request.id.description, first: now, last: now)
            count.add(isPart, at: now)
            state.counts[subject] = count
            state.since = state.since ?? uptime
        }
    }

    private struct SignIn: Hashable {
        let actor: String
        let key: String?
        let address: [UInt8]
    }

    /// Notes that somebody is signed in: the first time from an address, and again when an hour has passed.
    package func noteSignIn(of principal: Principal, _ request: HTTPRequest) {
        guard let name = principal.name else { return }
        let signIn = SignIn(actor: name.text, key: principal.key?.id, address: request.client.bytes)
        let now = clock.uptime()
        let isDue = signIns.withLock { signIns in
            if let last = signIns[signIn], now < last &+ Self.signInMemory { return false }
            signIns[signIn] = now
            return true
        }
        guard isDue else { return }
        let subject = Subject(
            action: "auth.ok", resourceType: name.isRobot ? "robot" : "user", resource: name.name, actor: name.text,
            key: signIn.key, address: signIn.address, userAgent: request.headers["user-agent"] ?? "")
        note(subject, by: principal, request)
    }

    /// Notes a change that was refused before it was known what it would have changed: to somebody who may not know of the
    /// repository, or to nobody in particular. Names and clients that such requests make up get no record each.
    func noteRefusal(_ error: any Error, of principal: Principal, _ request: HTTPRequest, in repository: Repository?) {
        let code = (error as? SaveError)?.code ?? .internalFailure
        let isDenied = [.forbidden, .unauthenticated, .repositoryNotFound].contains(code)
        let subject = Subject(
            action: request.method == .delete ? "file.delete" : "file.upload", resourceType: "file",
            resource: repository?.record.coordinates ?? "", actor: principal.auditName, key: principal.key?.id,
            address: request.client.bytes, userAgent: "", outcome: isDenied ? .denied : .failed, error: code.rawValue)
        note(subject, by: principal, request)
    }

    /// Writes what has waited long enough, or all of it.
    package func write(all: Bool) async {
        let now = clock.uptime()
        let (counts, untold) = state.withLock { state -> ([Subject: Count], Int64) in
            guard let since = state.since else { return ([:], 0) }
            guard all || now >= since &+ Self.window || state.counts.count >= Self.many else { return ([:], 0) }
            defer {
                state.counts = [:]
                state.since = nil
                state.untold = 0
            }
            return (state.counts, state.untold)
        }
        var rest = counts.sorted { $0.value.first < $1.value.first }[...]
        if untold > 0 { await write(untold) }
        while !rest.isEmpty {
            await write(Array(rest.prefix(Self.stride)))
            rest = rest.dropFirst(Self.stride)
        }
    }

    private func write(_ counts: [(key: Subject, value: Count)]) async {
        let now = clock.now()
        do {
            try await store.write { writing in
                for (subject, count) in counts {
                    let context = AuditContext(
                        principal: count.principal, sourceIP: count.client.description, userAgent: subject.userAgent,
                        requestID: count.requestID)
                    try writing.record(Self.event(subject, count), context, at: now)
                }
            }
        } catch {
            let events = counts.reduce(0) { $0 &+ $1.value.whole &+ $1.value.parts }
            state.withLock { $0.lose(events) }
            log(.error, "events were not recorded", ["count": "\(events)", "error": "\(error)"])
        }
    }

    /// Tells in the trail that it does not tell all.
    private func write(_ untold: Int64) async {
        let now = clock.now()
        do {
            let event = AuditEvent("audit.lost", "system", "audit", outcome: .failed, details: ["count": .integer(untold)])
            try await store.write { try $0.record(event, .system, at: now) }
        } catch {
            state.withLock { $0.untold += untold }
        }
    }

    /// The record has the time at which it is written, as all have; when it happened is in the details.
    private static func event(_ subject: Subject, _ count: Count) -> AuditEvent {
        var details: JSONObject = [
            "count": .integer(count.whole), "first": .string(count.first.rfc3339), "last": .string(count.last.rfc3339),
        ]
        if count.parts > 0 { details["parts"] = .integer(count.parts) }
        if let via = subject.via { details["via"] = .string(via) }
        if let key = subject.key { details["key"] = .string(key) }
        if let error = subject.error { details["error"] = .string(error) }
        return AuditEvent(subject.action, subject.resourceType, subject.resource, outcome: subject.outcome, details: details)
    }
}
