package import SaveAccess
package import SaveAudit
package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// The parts of the engine, put together. Each of what works with the engine takes the parts that it needs, and not this.
package struct EngineServices: Sendable {
    package let storage: RepositoryStorage
    package let upstreams: UpstreamServices
    package let sources: RepositorySources
    package let publishing: PublishingServices
    package let revalidation: UpstreamRevalidation
    package let administration: RepositoryAdministration
    package let exposures: PolicyExposures
    package let catalogue: Catalogue
    package let aggregator: AuditAggregator

    /// - Parameters:
    ///   - furtherPolicies: rules for a repository's files, beside those that its format and its settings bring.
    ///   - refusals: nil where refusals get no numbers.
    package init(
        store: any MetadataStore, blobs: any BlobStore, client: any HTTPClient, catalogue: Catalogue, clock: PlatformClock,
        log: Log,
        pool: BlockingPool, processors: BlockingPool? = nil, listingCacheSize: Int = 20_000,
        uploadSessions: UploadSessions.Rules = .init(),
        furtherPolicies: @escaping @Sendable (Repository) -> [any FilePolicy] = { _ in [] },
        refusals: RefusalNumbers? = nil,
        unseal: @escaping @Sendable (String) -> String?
    ) {
        self.catalogue = catalogue
        aggregator = AuditAggregator(store: store, clock: clock, log: log) { (try? await blobs.checkSpace(for: nil)) != nil }
        storage = RepositoryStorage(store: store, blobs: blobs, clock: clock, log: log, pool: pool, processors: processors)
        upstreams = UpstreamServices(
            client: client, catalogue: catalogue, aggregator: aggregator, listingCacheSize: listingCacheSize, unseal: unseal)
        sources = RepositorySources(storage, upstreams, furtherPolicies: furtherPolicies, refusals: refusals)
        publishing = PublishingServices(storage, catalogue, sessions: uploadSessions)
        revalidation = UpstreamRevalidation(storage, upstreams)
        administration = RepositoryAdministration(sources)
        exposures = PolicyExposures(sources)
    }
}
