internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// What proxies remember of their upstreams between requests. All of it can be forgotten at any time.
final class UpstreamMemory: Sendable {
    typealias Key = UpstreamIndexKey

    /// An upstream's index, read.
    struct KnownIndex: Sendable {
        let offered: ReconciledListing
        let row: CachedIndex
        /// The document in which the upstream said of itself what this was read with; nil where the format reads no such document.
        private let configuration: BlobDigest?
        private let places: AssetPlaces
        /// Until when it counts as current.
        var ttl: UpstreamTTL
        /// The upstream failed when it was last asked.
        var isStale: Bool

        init(_ offered: ReconciledListing, row: CachedIndex, ttl: UpstreamTTL, readWith configuration: UpstreamConfiguration?) {
            self.offered = offered
            self.row = row
            self.ttl = ttl
            self.configuration = configuration?.known.row.blob
            isStale = false
            places = AssetPlaces(offered.listing.assets)
        }

        var listing: Listing { offered.listing }

        func record(_ path: AssetPath) -> AssetRecord? { places.record(path) }

        /// Whether it is what is read of the document with this configuration as well.
        func isRead(with configuration: UpstreamConfiguration?) -> Bool {
            self.configuration == configuration?.known.row.blob
        }

        /// The same index, which the upstream confirmed.
        func verified(_ row: CachedIndex) -> KnownIndex { KnownIndex(self, row) }

        private init(_ known: KnownIndex, _ row: CachedIndex) {
            offered = known.offered
            self.row = row
            configuration = known.configuration
            places = known.places
            ttl = known.ttl
            isStale = false
        }
    }

    /// When a file was published; nil where its upstream does not say it.
    struct PublishTime: Sendable {
        let time: Timestamp?
    }

    /// An index as it was found at one look, with its revision then. The revision is not kept with what is remembered: much
    /// may outdate it that leaves the index as it is, and then nothing that is made of the index would ever hold again.
    struct FoundIndex: Sendable {
        let known: KnownIndex
        let version: ChangeCounters.Version
        /// What it was read with; nil where the format reads no such document.
        let configuration: UpstreamConfiguration?
        /// What is here of the package, where it was read for this look.
        var files: CachedFiles?
    }

    /// The rows of a package's files that are here, with its revision (`ChangeCounters.Subject.sidecars`) before they were read.
    struct CachedFiles: Sendable {
        let files: [StoredAsset]
        let version: ChangeCounters.Version
    }

    /// The rows that were read last for an index, while it is asked for.
    final class LastRead: Sendable {
        private let state = Mutex<CachedFiles?>(nil)
        var files: CachedFiles? { state.withLock { $0 } }
        func note(_ files: CachedFiles) { state.withLock { $0 = files } }
    }

    /// Finds a listing's files by their paths; made ready when somebody first looks for one, since most pages are only shown.
    private final class AssetPlaces: Sendable {
        private let assets: [AssetRecord]
        private let places = Mutex<[AssetPath: Int]?>(nil)

        init(_ assets: [AssetRecord]) { self.assets = assets }

        func record(_ path: AssetPath) -> AssetRecord? {
            places.withLock { places in
                let known = places ?? Dictionary(assets.enumerated().map { ($1.path, $0) }) { first, _ in first }
                places = known
                return known[path]
            }.map { assets[$0] }
        }
    }

    /// What came of asking for an index the last time.
    struct Outcome: Sendable {
        var asked: Timestamp
        /// The status of the answer; nil where there was none.
        var status: Int?
        var failure: SaveError?
        /// `PlatformClock.uptime` until which this index is not asked for again.
        var quietUntil: UInt64 = 0
    }

    /// Whether an upstream answers.
    struct State: Sendable {
        /// nil until it was asked.
        var isAvailable: Bool?
        var failure: String?
        /// `PlatformClock.uptime` until which it is not asked again.
        var quietUntil: UInt64 = 0
        /// The other server that it last redirected an index request to, which was not followed.
        var redirectedTo: String?
    }

    /// How often an upstream was asked for indexes since the start, and what came of it.
    struct Traffic: Sendable {
        var requests = 0
        /// Without the answer that there is no such index, which is sensible.
        var failures = 0
        var seconds = 0.0
    }

    /// A sidecar that could not be had.
    struct LostSidecar: Sendable {
        let error: any Error
        /// `PlatformClock.uptime` from which on it is looked for again.
        let until: UInt64
    }

    /// What a token of an upstream's service is for: the whole question that it was asked with.
    struct TokenKey: Hashable, Sendable {
        let upstream: UpstreamID
        let url: String
    }

    /// A token of an upstream's service.
    struct Token: Sendable {
        let token: String
        /// `PlatformClock.uptime` until which it is used.
        let until: UInt64
    }

    /// Where an upstream may keep its index.
    struct UnsureBase: Sendable {
        let bases: [String]
        /// `PlatformClock.uptime` from which on lists are looked for again.
        let until: UInt64
    }

    private struct FileHost: Hashable, Sendable {
        let repository: Int64
        let origin: URLOrigin
    }

    let listings: BoundedCache<Key, KnownIndex>
    /// Until when an upstream's "not found" is believed. Bounded, so that a million made-up names cost nothing.
    let misses = BoundedCache<Key, UInt64>(limit: 100_000)
    let tokens = BoundedCache<TokenKey, Token>(limit: 1000)
    let outcomes = BoundedCache<Key, Outcome>(limit: 100_000)
    /// Indexes that came without content although they had some, and from when on that is believed where it is said again.
    let emptied = BoundedCache<Key, UInt64>(limit: 100_000)
    let refreshes = SingleFlight<Key, FoundIndex>()
    let copies = IndexCopies()
    let places = SingleFlight<UpstreamID, UpstreamBase.Place>()
    let probes = SingleFlight<UpstreamID, UpstreamProbe.Finding>()
    /// The package of each upstream whose page was last read: what a place can be tried with where there is no list.
    let seenPackages = BoundedCache<UpstreamID, PackageID>(limit: 10_000)
    /// Upstreams of which it is not known yet where they keep their index.
    let unsureBases = BoundedCache<UpstreamID, UnsureBase>(limit: 10_000)
    let renewals = UpstreamRenewals()
    /// What was odd about packages lately, the last first.
    let anomalies = BoundedCache<Key, [UpstreamAnomaly]>(limit: 10_000)
    private let anomalyCounts = Mutex<[UpstreamAnomaly.Kind: Int]>([:])
    private let forced = BoundedCache<Key, UInt64>(limit: 10_000)
    /// Sidecars that are being fetched or read out of their files.
    let sidecars = SingleFlight<FillRegistry.Key, Void>()
    /// Sidecars that cannot be had, and why.
    /// When files were published, by their upstream's `Last-Modified`.
    let publishTimes = BoundedCache<FillRegistry.Key, PublishTime>(limit: 100_000)
    let lostSidecars = BoundedCache<FillRegistry.Key, LostSidecar>(limit: 10_000)
    /// Hosts that do not answer with parts of files, until when that is believed.
    private let wholeOnly = BoundedCache<FileHost, UInt64>(limit: 1000)
    private let states = Mutex<[UpstreamID: State]>([:])
    /// How often what is remembered of a repository's upstream was forgotten.
    private let rounds = Mutex<[Int64: UInt64]>([:])
    private let traffic = Mutex<[Int64: Traffic]>([:])

    /// How often clients can make an upstream be asked before its time, for each index.
    private static let forcedInterval = 10 * UpstreamTTL.second

    init(listingCacheSize: Int) {
        listings = BoundedCache(limit: listingCacheSize)
    }

    /// What is remembered of a repository's upstream is kept under this. A source that was made before the upstream's settings
    /// changed, or before all was forgotten, has another one.
    func id(of repository: Repository) -> UpstreamID {
        var id = repository.upstream
        id.round = rounds.withLock { $0[id.repository] ?? 0 }
        return id
    }

    func state(_ upstream: UpstreamID) -> State { states.withLock { $0[upstream] ?? State() } }

    func traffic(_ repository: Int64) -> Traffic? { traffic.withLock { $0[repository] } }

    /// How many files, or packages in quarantine, were odd in each way since the start.
    var anomalyTotals: [UpstreamAnomaly.Kind: Int] { anomalyCounts.withLock { $0 } }

    /// So many are remembered of a package.
    private static let maxAnomalies = 8

    /// - Returns: those that are not remembered yet: an upstream that goes to and fro is told of once.
    func note(_ found: [UpstreamAnomaly], of key: Key) -> [UpstreamAnomaly] {
        let known = anomalies[key] ?? []
        let new = found.filter { anomaly in !known.contains { $0.isSame(as: anomaly) } }
        guard !new.isEmpty else { return [] }
        anomalyCounts.withLock { counts in
            for anomaly in new { counts[anomaly.kind, default: 0] += anomaly.count }
        }
        anomalies.insert(Array((new + known).prefix(Self.maxAnomalies)), for: key)
        return new
    }

    func noteTraffic(_ repository: Int64, nanoseconds: UInt64, isFailure: Bool) {
        traffic.withLock { traffic in
            var counts = traffic[repository] ?? Traffic()
            counts.requests += 1
            if isFailure { counts.failures += 1 }
            counts.seconds += Double(nanoseconds) / 1e9
            traffic[repository] = counts
        }
    }

    func markAvailable(_ upstream: UpstreamID) {
        states.withLock { $0[upstream] = State(isAvailable: true) }
    }

    /// The upstream as a whole does not answer.
    func markFailed(_ upstream: UpstreamID, _ failure: String, quietUntil: UInt64) {
        states.withLock { $0[upstream] = State(isAvailable: false, failure: failure, quietUntil: quietUntil) }
    }

    /// The upstream answers, but not as it should: what was asked for last could not be had. A server that redirects to another
    /// is there all the same.
    func markDoubtful(_ upstream: UpstreamID, _ failure: String, redirectedTo: String? = nil) {
        states.withLock {
            $0[upstream] = State(isAvailable: redirectedTo != nil, failure: failure, redirectedTo: redirectedTo)
        }
    }

    /// Whether a client's wish may be followed to ask for an index again before its time; counts as following it.
    func mayForce(_ key: Key, now: UInt64) -> Bool {
        if let last = forced[key], now < last &+ Self.forcedInterval { return false }
        forced.insert(now, for: key)
        return true
    }

    /// Whether the host of a file is known to send only whole files.
    func sendsOnlyWholeFiles(_ repository: Int64, _ url: String, now: UInt64) -> Bool {
        // Asked for every file of a page: most upstreams have no such host.
        guard wholeOnly.usage.count > 0 else { return false }
        guard let origin = URLOrigin(of: url) else { return true }
        return (wholeOnly[FileHost(repository: repository, origin: origin)] ?? 0) > now
    }

    func markSendingOnlyWholeFiles(_ repository: Int64, _ url: String, until: UInt64) {
        guard let origin = URLOrigin(of: url) else { return }
        wholeOnly.insert(until, for: FileHost(repository: repository, origin: origin))
    }

    /// Forgets all about a repository's upstream, and what is on its way from there as well: that is kept under an id which
    /// nobody asks for any more.
    func forget(_ repository: Int64) {
        rounds.withLock { $0[repository, default: 0] += 1 }
        listings.removeAll { $0.repository == repository }
        misses.removeAll { $0.repository == repository }
        outcomes.removeAll { $0.repository == repository }
        emptied.removeAll { $0.repository == repository }
        unsureBases.removeAll { $0.repository == repository }
        seenPackages.removeAll { $0.repository == repository }
        lostSidecars.removeAll { $0.repository == repository }
        publishTimes.removeAll { $0.repository == repository }
        anomalies.removeAll { $0.repository == repository }
        wholeOnly.removeAll { $0.repository == repository }
        states.withLock { states in states = states.filter { $0.key.repository != repository } }
    }
}
