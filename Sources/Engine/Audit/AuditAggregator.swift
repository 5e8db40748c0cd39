internal import SaveCaching
package import SaveAccess
package import SaveHTTP
package import SavePlatform
package import SaveStorage
internal import Synchronization

/// The records that no change waits for: downloads, sign-ins, refusals. What happens often is counted first: equal events of
/// some seconds become one record with their number, written with others, behind the requests' backs.
///
/// Memory is bounded, and so is the disk: these records leave free what uploads leave free, so that nobody fills it with
/// what was refused. What has no place any more, or cannot be written, is lost, counted, and told of in the trail.
package final class AuditAggregator: AuditRecording {
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
        /// The policy that refused it.
        var policy: Policy?

        struct Policy: Sendable, Hashable {
            let name: String
            let id: Int64
        }

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
        let context: AuditContext
        let first: Timestamp
        var last: Timestamp
        var whole: Int64 = 0
        var parts: Int64 = 0

        var events: Int64 { whole &+ parts }

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
        /// Uptime at which the loss was told of last.
        var told: UInt64?

        mutating func lose(_ count: Int64) {
            lost &+= count
            untold &+= count
        }
    }

    private let store: any MetadataStore
    private let clock: PlatformClock
    private let log: Log
    private let capacity: Int
    private let hasRoom: @Sendable () async -> Bool
    private let state = Mutex(State())
    private let signIns = Mutex(RecentTable<SignIn, UInt64>(capacity: 50_000))
    private let refusals = Mutex(RecentTable<Refused, Burst>(capacity: 50_000))
    /// Refusals of one account by one route that get a record each in a window.
    private static let shown = 10
    /// Nanoseconds for which equal events are counted, and the number of different ones at which they are written sooner.
    private static let window: UInt64 = 10_000_000_000
    private static let many = 1000
    /// Nanoseconds after which somebody who goes on signing in is noted again.
    private static let signInMemory: UInt64 = 3_600_000_000_000
    /// Records in one transaction: it holds up the writer for some milliseconds.
    private static let stride = 100

    /// - Parameters:
    ///   - capacity: how many different events wait at most.
    ///   - hasRoom: whether the disk takes records that need not be.
    package init(
        store: any MetadataStore, clock: PlatformClock, log: Log, capacity: Int = 50_000,
        hasRoom: @escaping @Sendable () async -> Bool = { true }
    ) {
        self.hasRoom = hasRoom
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
        note(subject, AuditContext(request, principal), isPart: isPart)
    }

    private func note(_ subject: Subject, _ context: AuditContext, isPart: Bool = false) {
        let now = clock.now()
        let uptime = clock.uptime()
        state.withLock { state in
            if state.counts[subject]?.add(isPart, at: now) != nil { return }
            guard state.counts.count < capacity else { return state.lose(1) }
            var count = Count(context: context, first: now, last: now)
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
    package func noteRefusal(_ error: any Error, of principal: Principal, _ request: HTTPRequest, in repository: Repository?) {
        let code = (error as? SaveError)?.code ?? .internalFailure
        let isDenied = [.forbidden, .unauthenticated, .repositoryNotFound].contains(code)
        let subject = Subject(
            action: request.method == .delete ? "file.delete" : "file.upload", resourceType: "file",
            resource: repository?.record.coordinates ?? "", actor: principal.auditName, key: principal.key?.id,
            address: request.client.bytes, userAgent: "", outcome: isDenied ? .denied : .failed, error: code.rawValue)
        note(subject, by: principal, request)
    }

    private struct Refused: Hashable {
        let actor: String
        let key: String?
        let route: String
    }

    private struct Burst {
        let since: UInt64
        var count = 1
    }

    /// Records a refusal: one by one for somebody who errs, with their number for somebody who does not stop.
    ///
    /// - Parameters:
    ///   - event: with the code of the error in its details.
    ///   - route: what was asked for, of which there are not many: a method and the form of a path, no name that callers choose.
    ///   - place: the same for a repository that the caller may know of, such as `backend/pypi-hosted`.
    package func recordRefusal(_ event: AuditEvent, _ context: AuditContext, route: String, in place: String = "") async {
        if isShown(Refused(actor: context.principal.auditName, key: context.principal.key?.id, route: "\(route) \(place)")) {
            return await record(event, context)
        }
        let subject = Subject(
            action: event.action, resourceType: event.resourceType, resource: place, actor: context.principal.auditName,
            key: context.principal.key?.id, address: [], userAgent: "", outcome: event.outcome,
            error: event.details["error"]?.string)
        note(subject, context)
    }

    private func isShown(_ refused: Refused) -> Bool {
        let now = clock.uptime()
        return refusals.withLock { refusals in
            guard var burst = refusals[refused], now < burst.since &+ Self.window else {
                refusals[refused] = Burst(since: now)
                return true
            }
            burst.count = min(burst.count + 1, Self.shown + 1)
            refusals[refused] = burst
            return burst.count <= Self.shown
        }
    }

    /// Writes a record of what changed nothing, now. A trail that cannot be written does not change what it tells of.
    package func record(_ event: AuditEvent, _ context: AuditContext) async {
        guard await hasRoom() else { return state.withLock { $0.lose(1) } }
        let now = clock.now()
        do {
            try await store.write { try $0.record(event, context, at: now) }
        } catch {
            state.withLock { $0.lose(1) }
            log(.error, "audit record not written", ["error": "\(error)", "request_id": context.requestID])
        }
    }

    /// Writes what has waited long enough, or all of it.
    package func write(all: Bool) async {
        let (counts, untold) = due(all: all)
        guard !counts.isEmpty || untold > 0 else { return }
        guard await hasRoom() else {
            return state.withLock { state in
                state.lose(counts.reduce(0) { $0 &+ $1.value.events })
                state.untold &+= untold
            }
        }
        var rest = counts.sorted { $0.value.first < $1.value.first }[...]
        if untold > 0 { await write(untold) }
        while !rest.isEmpty {
            await write(Array(rest.prefix(Self.stride)))
            rest = rest.dropFirst(Self.stride)
        }
    }

    /// Takes out what is to be written, and the number of events whose loss is to be told of.
    private func due(all: Bool) -> ([Subject: Count], Int64) {
        let now = clock.uptime()
        return state.withLock { state in
            var untold: Int64 = 0
            if state.untold > 0, all || state.told.map({ now >= $0 &+ Self.window }) ?? true {
                (untold, state.untold, state.told) = (state.untold, 0, now)
            }
            guard let since = state.since, all || now >= since &+ Self.window || state.counts.count >= Self.many else {
                return ([:], untold)
            }
            defer { (state.counts, state.since) = ([:], nil) }
            return (state.counts, untold)
        }
    }

    private func write(_ counts: [(key: Subject, value: Count)]) async {
        let now = clock.now()
        do {
            try await store.write { writing in
                for (subject, count) in counts {
                    var context = count.context
                    context.userAgent = subject.userAgent
                    try writing.record(Self.event(subject, count), context, at: now)
                }
            }
        } catch {
            let events = counts.reduce(0) { $0 &+ $1.value.events }
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
        if let policy = subject.policy {
            details["policy"] = .string(policy.name)
            details["policy_id"] = .integer(policy.id)
        }
        return AuditEvent(subject.action, subject.resourceType, subject.resource, outcome: subject.outcome, details: details)
    }
}

extension AuditAggregator {
    /// Counts an answer that gives out a file, whole or in part; one that only says that the client has it does not.
    package func note(_ download: DownloadSubject?, _ response: HTTPResponse, to principal: Principal, _ request: HTTPRequest) {
        guard let download, request.method == .get, response.status == 200 || response.status == 206 else { return }
        let subject = Subject(
            action: "file.download", resourceType: "file", resource: download.resource, actor: principal.auditName,
            key: principal.key?.id, address: request.client.bytes, userAgent: request.headers["user-agent"] ?? "",
            via: download.via)
        note(subject, by: principal, request, isPart: response.status == 206)
    }

    /// Counts a file, or what describes it, that a policy keeps from a client; the error names the policy.
    package func noteRefusal(
        _ error: SaveError, of path: AssetPath, in repository: Repository, to principal: Principal, _ request: HTTPRequest
    ) {
        guard let name = error.details["policy"], let id = error.details["policy_id"].flatMap({ Int64($0) }) else { return }
        var subject = Subject(
            action: "file.download", resourceType: "file", resource: "\(repository.record.coordinates)/\(path)",
            actor: principal.auditName, key: principal.key?.id, address: request.client.bytes,
            userAgent: request.headers["user-agent"] ?? "", outcome: .denied, error: error.code.rawValue)
        subject.policy = .init(name: name, id: id)
        note(subject, by: principal, request)
    }
}
