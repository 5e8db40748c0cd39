package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// What the content of repositories is kept in, and read with.
package struct RepositoryStorage: Sendable {
    package let store: any MetadataStore
    package let blobs: any BlobStore
    /// What has changed, for what was made of it.
    package let counters = ChangeCounters()
    package let clock: PlatformClock
    package let log: Log
    /// For files.
    package let pool: BlockingPool
    /// For what takes processor time: reading documents, rendering pages.
    package let processors: BlockingPool

    /// - Parameter processors: nil to take the threads of files for that as well.
    package init(
        store: any MetadataStore, blobs: any BlobStore, clock: PlatformClock, log: Log, pool: BlockingPool,
        processors: BlockingPool? = nil
    ) {
        self.store = store
        self.blobs = blobs
        self.clock = clock
        self.log = log
        self.pool = pool
        self.processors = processors ?? pool
    }
}
