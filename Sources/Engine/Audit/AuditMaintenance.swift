package import SaveHTTP
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// What the trail needs beside its records: anchors, an index, and the end of what is too old. Runs off every request's path.
package final class AuditMaintenance: Sendable {
    /// When it does what.
    package struct Rules: Sendable {
        /// Seconds after which a trail that has grown is anchored, and the number of records after which it is sooner.
        package var anchorInterval: Int64 = 60
        package var anchorRecords: Int64 = 1000
        /// Days after which records are removed; nil to keep all.
        package var retentionDays: Int64?

        package init() {}
    }

    private struct State {
        var anchored: AuditAnchor?
        var cutAt: UInt64?
        var lostAnchors: Int64 = 0
    }

    private let store: any MetadataStore
    private let seal: AuditSeal
    private let places: [any AuditAnchoring]
    private let rules: Rules
    private let aggregator: AuditAggregator?
    private let clock: PlatformClock
    private let log: Log
    private let state = Mutex(State())
    private static let indexedAtOnce = 250
    private static let day: UInt64 = 86_400_000_000_000

    package init(
        store: any MetadataStore, seal: AuditSeal, places: [any AuditAnchoring], rules: Rules, aggregator: AuditAggregator? = nil,
        clock: PlatformClock, log: Log
    ) {
        self.store = store
        self.seal = seal
        self.places = places
        self.rules = rules
        self.aggregator = aggregator
        self.clock = clock
        self.log = log
    }

    /// Anchors that could not be kept somewhere, since the start.
    package var lostAnchors: Int64 { state.withLock { $0.lostAnchors } }

    /// Works until the task is cancelled. Call it once.
    package func run() async {
        while !Task.isCancelled {
            await tick()
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Does what is due. A failure is logged and tried again when it is due again.
    package func tick() async {
        await aggregator?.write(all: false)
        do {
            try await cutWhatIsOld()
            try await anchor(always: false)
            try await indexNewRecords()
        } catch {
            log(.error, "the audit trail could not be looked after", ["error": "\(error)"])
        }
    }

    /// Writes what waits and anchors the end of the trail, when nobody adds to it any more.
    package func finish() async {
        await aggregator?.write(all: true)
        do {
            try await anchor(always: true)
        } catch {
            log(.error, "the end of the audit trail could not be anchored", ["error": "\(error)"])
        }
    }

    private func cutWhatIsOld() async throws {
        guard let days = rules.retentionDays else { return }
        let now = clock.uptime()
        let isDue = state.withLock { state in
            if let last = state.cutAt, now < last &+ Self.day { return false }
            state.cutAt = now
            return true
        }
        guard isDue else { return }
        let removed = try await AuditRetention.apply(days: days, to: store, seal, at: clock.now())
        guard removed > 0 else { return }
        log(.notice, "old audit records removed", ["count": "\(removed)", "older_than_days": "\(days)"])
        // What is gone can be told from nothing else any more.
        try await anchor(always: true)
    }

    /// In pieces that hold the writer up for some milliseconds only.
    private func indexNewRecords() async throws {
        while !Task.isCancelled, try await store.write({ try $0.indexAudit(Self.indexedAtOnce) }) {
            await Task.yield()
        }
    }

    private func anchor(always: Bool) async throws {
        guard !places.isEmpty, let last = try await store.read({ try $0.lastAudit() }) else { return }
        let now = clock.now()
        let anchor = AuditAnchor(sequence: last.sequence, hash: last.hash, time: now)
        let isDue = state.withLock { state in
            guard let before = state.anchored else { return true }
            guard before.hash != anchor.hash else { return false }
            return always || anchor.sequence >= before.sequence + rules.anchorRecords
                || now >= before.time.adding(seconds: rules.anchorInterval) || now < before.time
        }
        guard isDue else { return }
        for place in places {
            do {
                try await place.keep(anchor)
            } catch {
                state.withLock { $0.lostAnchors += 1 }
                log(.error, "an anchor of the audit trail could not be kept", ["error": "\(error)"])
            }
        }
        state.withLock { $0.anchored = anchor }
    }
}
