package import SaveAccess
package import SaveAudit
package import SaveHTTP

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
}
