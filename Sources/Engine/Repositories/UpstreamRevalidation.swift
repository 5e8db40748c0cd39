internal import SaveAccess
package import SaveHTTP
internal import SaveStorage

/// Asks upstreams again for what clients use before it expires, or want to be newer.
package struct UpstreamRevalidation: Sendable {
    private let storage: RepositoryStorage
    private let upstreams: UpstreamServices

    init(_ storage: RepositoryStorage, _ upstreams: UpstreamServices) {
        self.storage = storage
        self.upstreams = upstreams
    }

    /// Nanoseconds after which who hints at wanting something newer makes the upstream asked behind their back.
    private static let hintedAge = 300 * UpstreamTTL.second

    /// Notes that something was used: what is about to expire, or is old and was asked for with a hint, is renewed in the
    /// background.
    package func noteUse(of validity: CacheValidity, by request: HTTPRequest) {
        guard !validity.ttls.isEmpty else { return }
        let now = storage.clock.uptime()
        for ttl in validity.ttls {
            let isOld = now > ttl.verifiedAt &+ Self.hintedAge
            if ttl.isDue(now) || isOld && ttl.isRenewable(now) && Revalidation(request) == .hinted {
                upstreams.memory.renewals.request(ttl.key)
            }
        }
    }

    /// Asks the upstreams that something rests on, as often as clients may make them asked.
    ///
    /// - Parameter started: what was asked for after this is new enough.
    /// - Returns: whether any was asked.
    package func insist(on validity: CacheValidity, askedBefore started: UInt64) async -> Bool {
        var isAsked = false
        for ttl in validity.ttls where ttl.verifiedAt < started {
            guard let context = upstream(ofProxy: ttl.key.repository) else { continue }
            if await UpstreamIndex(context).insist(ttl.key.index) { isAsked = true }
        }
        return isAsked
    }

    /// Renewals that wait or are under way.
    package var waiting: Int { upstreams.memory.renewals.count }

    /// Renews what is in use until the task is cancelled. Call it once.
    package func run() async {
        await withTaskCancellationHandler {
            await upstreams.memory.renewals.run { key in
                guard let context = upstream(ofProxy: key.repository) else { return }
                await UpstreamIndex(context).renew(key.index)
            }
        } onCancel: {
            // The task that renews waits for the flight: it must end, too.
            upstreams.memory.refreshes.cancelAll()
        }
    }

    /// The upstream of the proxy of an id, if there is one that is online now.
    private func upstream(ofProxy id: Int64) -> UpstreamContext? {
        guard let repository = upstreams.catalogue.current.repository(id: id), repository.record.kind == .proxy,
            repository.record.online
        else { return nil }
        return UpstreamContext(repository, storage, upstreams)
    }
}
