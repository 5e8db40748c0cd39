package import SaveAccess
package import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What changes of hosted repositories are made with.
package struct PublishingServices: Sendable {
    let storage: RepositoryStorage
    /// Says which callers may make them.
    let catalogue: Catalogue
    /// Uploads in several requests.
    package let sessions: UploadSessions

    package init(_ storage: RepositoryStorage, _ catalogue: Catalogue, sessions rules: UploadSessions.Rules = .init()) {
        self.storage = storage
        self.catalogue = catalogue
        sessions = UploadSessions(blobs: storage.blobs, pool: storage.pool, clock: storage.clock, rules: rules)
    }

    package var clock: PlatformClock { storage.clock }
}
