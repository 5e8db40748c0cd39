package import SaveAccess
package import SaveAdvisories
package import SaveAudit
package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// Everything the API's handlers work with.
package struct APIContext: Sendable {
    package let store: any MetadataStore
    package let formats: FormatRegistry
    package let hasher: any PasswordHashing
    package let keyUses: KeyUses
    package let operations: any RepositoryOperations & PackageExplaining & PolicyJudging
    package let clock: PlatformClock
    /// The server's own 32 bytes: keys are hashed, cursors signed and upstream passwords sealed with it.
    package let serverKey: [UInt8]
    package let log: Log
    /// Where refusals are recorded.
    package let aggregator: AuditAggregator
    /// The server's version, as it shows itself.
    package let version: String
    /// The address that clients use; nil to take scheme and host from each request.
    package let publicAddress: PublicAddress?
    /// Which addresses upstreams may have; nil where that is not checked here.
    package let outbound: AddressGuard?
    /// Walks the audit trail.
    package let verifier: AuditVerifier
    /// Work that takes longer than a request.
    package let jobs: Jobs
    package let maintenance: Maintenance
    /// What the stored files take.
    package let census: StorageCensus
    /// Seconds for which a blob that nothing needs is kept.
    package let gcGrace: Int64
    /// Seconds that a key may last at most; nil where keys need no end.
    package let maxKeyLifetime: Int64?

    package let advisories: AdvisoryDatabase
    /// What fetches them.
    package let feeds: AdvisoryFeeds?
    /// Which callers may ask by the OSV protocol.
    package let advisoryService: AdvisoryService

    package init(
        store: any MetadataStore, formats: FormatRegistry, hasher: any PasswordHashing, keyUses: KeyUses,
        operations: any RepositoryOperations & PackageExplaining & PolicyJudging, clock: PlatformClock, serverKey: [UInt8],
        log: Log,
        aggregator: AuditAggregator, version: String,
        publicAddress: PublicAddress? = nil, maxKeyLifetime: Int64? = nil, outbound: AddressGuard? = nil,
        verifier: AuditVerifier? = nil, jobs: Jobs? = nil, maintenance: Maintenance,
        advisories: AdvisoryDatabase, feeds: AdvisoryFeeds? = nil, advisoryService: AdvisoryService = .everyone,
        gcGrace: Int64,
        census: StorageCensus? = nil
    ) {
        self.store = store
        self.formats = formats
        self.hasher = hasher
        self.keyUses = keyUses
        self.operations = operations
        self.clock = clock
        self.serverKey = serverKey
        self.log = log
        self.aggregator = aggregator
        self.version = version
        self.publicAddress = publicAddress
        self.maxKeyLifetime = maxKeyLifetime
        self.outbound = outbound
        self.jobs = jobs ?? Jobs(clock: clock)
        self.maintenance = maintenance
        self.gcGrace = gcGrace
        self.census = census ?? StorageCensus(clock: clock, log: log) { try await maintenance.measure(grace: gcGrace) }
        self.advisories = advisories
        self.feeds = feeds
        self.advisoryService = advisoryService
        self.verifier = verifier ?? AuditVerifier(store: store, seal: AuditSeal(serverKey: serverKey))
    }
}

/// Which callers may ask this server about advisories by the OSV protocol (`advisory_service`).
package enum AdvisoryService: String, Sendable, CaseIterable {
    case everyone = "public"
    case signedIn = "signed-in"
    case off
}
