internal import SaveCaching
internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// One upstream of one proxy: its settings, what may be asked of it, and what it is asked and remembered with. Every part of a proxy is
/// made of it, and knows nothing of the proxy that it is a part of.
struct UpstreamContext: Sendable {
    let repository: Repository
    /// What is remembered of the upstream, and what is under way, is this one's.
    let upstream: UpstreamID
    let storage: RepositoryStorage
    let shared: UpstreamServices

    init(_ repository: Repository, _ storage: RepositoryStorage, _ shared: UpstreamServices) {
        self.repository = repository
        self.storage = storage
        self.shared = shared
        upstream = shared.memory.id(of: repository)
    }

    var id: Int64 { repository.record.id }
    var settings: ProxySettings { repository.record.proxy }
    /// Whether the upstream's index tells which files there are.
    var isIndexed: Bool { repository.descriptor.abilities.contains(.upstreamIndexes) }

    var store: any MetadataStore { storage.store }
    var blobs: any BlobStore { storage.blobs }
    var counters: ChangeCounters { storage.counters }
    var clock: PlatformClock { storage.clock }
    var log: Log { storage.log }
    var pool: BlockingPool { storage.pool }
    var processors: BlockingPool { storage.processors }
    /// Every question to the upstream goes through this.
    var client: any HTTPClient { UpstreamTokens(self) }
    var catalogue: Catalogue { shared.catalogue }
    var aggregator: AuditAggregator { shared.aggregator }
    var memory: UpstreamMemory { shared.memory }
    var fills: FillRegistry { shared.fills }

    /// The format, where its files carry sidecars within them and the upstream's index says which files there are.
    var deriving: IsolatedFormat<any EmbeddedMetadata>? {
        isIndexed ? repository.format.cast { $0 as? any EmbeddedMetadata } : nil
    }

    /// The format, where an upstream has files that its index does not list.
    var describing: IsolatedFormat<any PathDescribing>? {
        isIndexed ? repository.format.cast { $0 as? any PathDescribing } : nil
    }

    /// Whether a file is asked for again after `cache_ttl`: it may have changed.
    func isRevalidated(_ record: AssetRecord) -> Bool { !isIndexed || record.isMutable }

    /// The format, where its upstreams have versions that their indexes do not list.
    var unlisting: IsolatedFormat<any UnlistedVersions>? {
        isIndexed ? repository.format.cast { $0 as? any UnlistedVersions } : nil
    }

    /// The repository's upstream credentials, if `url` is on the very server they are for.
    func credentials(for url: String) -> ClientCredentials? {
        guard let origin = URLOrigin(of: settings.remoteURL), origin == URLOrigin(of: url) else { return nil }
        return ownCredentials
    }

    /// The repository's upstream credentials, for a server that the operator names.
    var ownCredentials: ClientCredentials? {
        guard let username = settings.remoteUsername, let sealed = settings.sealedPassword, let password = shared.unseal(sealed)
        else {
            return nil
        }
        return ClientCredentials(username: username, password: password)
    }

    /// What goes as the whole `Authorization` field to an upstream whose clients send keys so, where the operator gave a password and no
    /// user name; nil for a `url` on another server.
    func bareKey(for url: String) -> String? {
        guard repository.descriptor.abilities.contains(.bareKeys), settings.remoteUsername?.isEmpty ?? true,
            let origin = URLOrigin(of: settings.remoteURL), origin == URLOrigin(of: url), let sealed = settings.sealedPassword
        else { return nil }
        return shared.unseal(sealed)
    }

    /// `PlatformClock.uptime` some seconds from now.
    func deadline(seconds: Int64) -> UInt64 {
        let (nanoseconds, overflow) = UInt64(clamping: max(0, seconds)).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = clock.uptime().addingReportingOverflow(nanoseconds)
        return overflow || carry ? .max : sum
    }

    /// A file is on its way once, even when what is remembered of indexes is forgotten meanwhile.
    func fill(of path: AssetPath) -> FillRegistry.Key { FillRegistry.Key(upstream: repository.upstream, path: path) }

    /// Whether the repository still has its files from where this proxy asks for them.
    func hasPlace(in reading: any MetadataReading) throws -> Bool {
        let asked = repository.record
        return try reading.repositories().first { $0.id == asked.id }?.hasSamePlace(as: asked) ?? false
    }

    /// The rows of a package's files that are here.
    func cachedFiles(of package: PackageID) async throws -> UpstreamMemory.CachedFiles {
        let id = id
        let version = counters.version(id, .sidecars(package))
        return .init(files: try await store.read { try $0.assets(id, package: package) }, version: version)
    }

    /// What an answer that is made of an index rests on.
    func validity(of found: UpstreamMemory.FoundIndex) -> CacheValidity {
        let own = CacheValidity(
            dependencies: [.init(repository: repository, version: found.version)], ttls: [found.known.ttl],
            validUntil: end,
            isStale: found.known.isStale)
        guard let configuration = found.configuration else { return own }
        return own.merging(
            CacheValidity(
                dependencies: [.init(repository: repository, version: configuration.version)],
                ttls: [configuration.known.ttl], isStale: configuration.known.isStale))
    }

    // MARK: Misses

    /// - Throws: a miss while the upstream is believed that it has no such file, of those that no index tells it of.
    func refuseMissed(_ path: AssetPath) throws {
        guard let until = memory.misses[missing(path)], until > clock.uptime() else { return }
        throw miss(path, until: until)
    }

    /// Under what it is remembered that an upstream does not have a file.
    func missing(_ path: AssetPath) -> UpstreamMemory.Key {
        UpstreamMemory.Key(upstream: upstream, index: .custom(path.text, package: nil))
    }

    func miss(_ path: AssetPath, until: UInt64?) -> SourceMiss {
        SourceMiss(
            error: SaveError(.assetNotFound, "there is no file '\(path)' in \(repository.record.coordinates): check the name"),
            validity: CacheValidity(
                dependencies: [.init(repository: repository, version: counters.version(id, .asset(path)))],
                validUntil: until))
    }

    /// - Parameters:
    ///   - version: taken before it was looked for.
    ///   - asked: `PlatformClock.uptime` when the upstream said so.
    func miss(_ index: IndexKey, _ version: ChangeCounters.Version, asked: UInt64, until: UInt64) -> SourceMiss {
        let what = index.package.map { "package '\($0)'" } ?? "index"
        let ttl = UpstreamTTL(
            UpstreamMemory.Key(upstream: upstream, index: index), .nothing, now: asked, until: until, renews: false)
        return SourceMiss(
            error: SaveError(.packageNotFound, "there is no \(what) in \(repository.record.coordinates): check the name"),
            validity: CacheValidity(
                dependencies: [.init(repository: repository, version: version)], ttls: [ttl], validUntil: end))
    }

    /// What is made of an index that was forgotten while it was on its way is for those who waited for it, and is not kept. A
    /// version that was taken before this is asked shows when it is forgotten later.
    var end: UInt64? { memory.id(of: repository) == upstream ? nil : 0 }
}
