package import SaveAccess
package import SaveAudit
package import SaveHTTP
internal import Synchronization

/// What proxies share.
package struct UpstreamServices: Sendable {
    package let client: any HTTPClient
    /// Where a base that was found is read back from.
    package let catalogue: Catalogue
    /// Where it is recorded that an upstream did something odd.
    package let aggregator: AuditAggregator
    /// Opens sealed upstream passwords.
    package let unseal: @Sendable (String) -> String?
    /// Files on their way.
    package let fills = FillRegistry()
    /// Where clients may have what is refused now.
    package let exposures = ExposureQueue()
    let memory: UpstreamMemory

    /// - Parameter listingCacheSize: records of files that are remembered of upstreams' indexes.
    package init(
        client: any HTTPClient, catalogue: Catalogue, aggregator: AuditAggregator, listingCacheSize: Int = 20_000,
        unseal: @escaping @Sendable (String) -> String?
    ) {
        self.client = client
        self.catalogue = catalogue
        self.aggregator = aggregator
        self.unseal = unseal
        memory = UpstreamMemory(listingCacheSize: listingCacheSize)
    }

    /// Waits until what was fetched of upstreams' indexes is on the disk, as far as that will be.
    package func finishCopies() async { await memory.copies.finish() }

    // MARK: Since the start

    /// Upstreams' indexes that could not be kept.
    package var unkeptIndexes: Int { memory.copies.failures.load(ordering: .relaxed) }

    /// Files of upstreams that went to clients without being kept.
    package var unkeptFiles: Int { fills.unkept.load(ordering: .relaxed) }

    /// How often a proxy's upstream was asked for indexes, how often it failed, and for how long; nil where it never was.
    package func traffic(of repository: Int64) -> (requests: Int, failures: Int, seconds: Double)? {
        memory.traffic(repository).map { ($0.requests, $0.failures, $0.seconds) }
    }

    /// How many files of upstreams, or packages in quarantine, were odd in each way since the start.
    package var anomalies: [UpstreamAnomaly.Kind: Int] { memory.anomalyTotals }
}
