internal import Synchronization

/// What proxies remember of their upstreams between requests. All of it can be forgotten at any time.
final class UpstreamMemory: Sendable {
    struct Key: Hashable, Sendable {
        let repository: Int64
        let index: IndexKey
    }

    /// An upstream's index, read.
    struct KnownIndex: Sendable {
        let listing: Listing
        let row: CachedIndex
        /// Places of the listing's files in `listing.assets`.
        let places: [AssetPath: Int]
        /// `PlatformClock.uptime` until which it counts as current.
        var validUntil: UInt64
        /// The upstream failed when it was last asked.
        var isStale: Bool
        /// Its revision when it was read.
        let stamp: RevisionBoard.Stamp

        func record(_ path: AssetPath) -> AssetRecord? {
            guard let place = places[path], place < listing.assets.count else { return nil }
            return listing.assets[place]
        }
    }

    /// Whether an upstream answers.
    struct State: Sendable {
        var isAvailable = true
        var failure: String?
        /// `PlatformClock.uptime` until which it is not asked again while there is something stale to serve.
        var quietUntil: UInt64 = 0
    }

    let listings: BoundedCache<Key, KnownIndex>
    /// Until when an upstream's "not found" is believed. Bounded, so that a million made-up names cost nothing.
    let misses = BoundedCache<Key, UInt64>(limit: 100_000)
    let refreshes = SingleFlight<Key, KnownIndex>()
    let probes = SingleFlight<Int64, String>()
    private let states = Mutex<[Int64: State]>([:])

    init(listingCacheSize: Int) {
        listings = BoundedCache(limit: listingCacheSize)
    }

    func state(_ repository: Int64) -> State { states.withLock { $0[repository] ?? State() } }

    func markAvailable(_ repository: Int64) {
        states.withLock { $0[repository] = State() }
    }

    func markFailed(_ repository: Int64, _ failure: String, quietUntil: UInt64) {
        states.withLock { $0[repository] = State(isAvailable: false, failure: failure, quietUntil: quietUntil) }
    }

    /// Forgets all about a repository.
    func forget(_ repository: Int64) {
        listings.removeAll { $0.repository == repository }
        misses.removeAll { $0.repository == repository }
        _ = states.withLock { $0.removeValue(forKey: repository) }
    }
}
