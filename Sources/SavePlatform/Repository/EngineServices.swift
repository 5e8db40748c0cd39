/// What repositories work with. One value for all of them, made at assembly.
package struct EngineServices: Sendable {
    package let store: any MetadataStore
    package let blobs: any BlobStore
    package let client: any HTTPClient
    package let catalogue: Catalogue
    package let clock: PlatformClock
    package let log: Log
    package let pool: BlockingPool
    /// Opens sealed upstream passwords.
    package let unseal: @Sendable (String) -> String?
    package let board = RevisionBoard()
    package let fills = FillRegistry()
    let upstream: UpstreamMemory

    package init(
        store: any MetadataStore, blobs: any BlobStore, client: any HTTPClient, catalogue: Catalogue, clock: PlatformClock,
        log: Log,
        pool: BlockingPool, listingCacheSize: Int = 20_000, unseal: @escaping @Sendable (String) -> String?
    ) {
        self.store = store
        self.blobs = blobs
        self.client = client
        self.catalogue = catalogue
        self.clock = clock
        self.log = log
        self.pool = pool
        self.unseal = unseal
        upstream = UpstreamMemory(listingCacheSize: listingCacheSize)
    }

    /// The implementation of a repository.
    ///
    /// - Parameter snapshot: where a group finds its members.
    package func source(of repository: Repository, in snapshot: CatalogueSnapshot) -> any ContentSource {
        switch repository.record.kind {
        case .hosted: HostedSource(repository: repository, services: self)
        case .proxy: ProxySource(repository: repository, services: self)
        case .group:
            GroupSource(
                repository: repository,
                leaves: snapshot.leaves(of: repository).map { ($0, source(of: $0, in: snapshot)) })
        }
    }
}

extension CatalogueSnapshot {
    /// The hosted and proxy repositories a group reaches, in order, each once. A group that contains itself, which the
    /// REST API refuses, adds nothing.
    func leaves(of group: Repository) -> [Repository] {
        var found: [Repository] = []
        var seen: Set<Int64> = [group.record.id]
        func visit(_ repository: Repository) {
            for member in members(of: repository) where seen.insert(member.record.id).inserted {
                guard member.record.online else { continue }
                if member.record.kind == .group { visit(member) } else { found.append(member) }
            }
        }
        visit(group)
        return found
    }
}
