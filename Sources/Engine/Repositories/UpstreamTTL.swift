internal import SaveAccess
internal import SavePlatform
internal import Synchronization

/// How long something that an upstream said counts as current. Everything that was made from it shares the object, so that
/// a "not modified" of the upstream keeps all of it at once.
package final class UpstreamTTL: Sendable {
    /// What is to be asked for again.
    let key: UpstreamIndexKey
    /// Stands for what the upstream said: two of one key and one content are about the same.
    let content: Content
    private let verified: Atomic<UInt64>
    private let end: Atomic<UInt64>
    private let due: Atomic<UInt64>

    /// Shorter ones are not renewed ahead of their end: asking twice in ten seconds helps nobody.
    private static let shortestRenewed: UInt64 = 10 * UpstreamTTL.second
    static let second: UInt64 = 1_000_000_000

    /// What an upstream said: that it has no such index, or one reading of its index.
    enum Content: Sendable, Equatable {
        case nothing
        case reading(UInt64)

        private static let last = Atomic<UInt64>(0)

        /// Another one than all before.
        static func new() -> Content { .reading(last.wrappingAdd(1, ordering: .relaxed).newValue) }
    }

    /// - Parameters:
    ///   - now: `PlatformClock.uptime`; the other times as well.
    ///   - renews: whether clients that use it make it renewed before its end.
    init(_ key: UpstreamIndexKey, _ content: Content, now: UInt64, until end: UInt64, renews: Bool) {
        self.key = key
        self.content = content
        verified = Atomic(now)
        self.end = Atomic(end)
        due = Atomic(renews ? Self.due(from: now, to: end) : .max)
    }

    /// The last fifth of its time.
    private static func due(from now: UInt64, to end: UInt64) -> UInt64 {
        guard end > now, end - now >= shortestRenewed else { return .max }
        return end - (end - now) / 5
    }

    /// When the upstream was last asked with success.
    var verifiedAt: UInt64 { verified.load(ordering: .relaxed) }
    var validUntil: UInt64 { end.load(ordering: .relaxed) }

    func isCurrent(_ now: UInt64) -> Bool { now < validUntil }

    /// Whether who uses it now should make it renewed.
    func isDue(_ now: UInt64) -> Bool { now >= due.load(ordering: .relaxed) && isCurrent(now) }

    /// Whether renewing it is allowed at all, and did not fail a moment ago.
    func isRenewable(_ now: UInt64) -> Bool { isCurrent(now) && due.load(ordering: .relaxed) < validUntil }

    /// The upstream said that what it is about is still so.
    func renew(now: UInt64, until end: UInt64) {
        verified.store(now, ordering: .relaxed)
        self.end.store(end, ordering: .relaxed)
        due.store(Self.due(from: now, to: end), ordering: .relaxed)
    }

    /// Renewing failed; not to be tried again before then.
    func postpone(until then: UInt64) { due.store(then, ordering: .relaxed) }
}

/// An index of an upstream, as one version of a proxy's settings describes it: what is remembered of it is kept under this.
struct UpstreamIndexKey: Hashable, Sendable {
    let upstream: UpstreamID
    let index: IndexKey
    var repository: Int64 { upstream.repository }
}
