package import SaveAccess
package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// What clients can ask any repository for, whatever its kind. One that has files, hosted or proxy, answers through `FilteredSource`, a
/// group through its members.
package protocol ContentSource: Sendable {
    /// What an index lists.
    ///
    /// - Throws: `SourceMiss` when the repository does not have it: the one error after which a group asks its next
    ///   member. `upstreamUnavailable` and others when that cannot be known.
    func listing(_ index: IndexKey) async throws -> SourcedListing

    /// A file.
    ///
    /// - Throws: `SourceMiss` when it is not there.
    func asset(_ path: AssetPath, package: PackageID?, method: HTTPMethod) async throws -> AssetContent

    /// Whether the repository has a package, at less cost than listing it.
    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity)
}

/// A listing, and for how long it holds.
package struct SourcedListing: Sendable {
    package var listing: Listing
    package var validity: CacheValidity
    /// Why no file of the package is given out, where that is so.
    var withholding: Withholding?

    package init(listing: Listing, validity: CacheValidity) {
        self.listing = listing
        self.validity = validity
    }
}

/// What an answer depends on.
package struct CacheValidity: Sendable {
    /// A subject as it was when the answer was made.
    package struct Dependency: Sendable {
        package let repository: Repository
        package let version: ChangeCounters.Version
    }

    package var dependencies: [Dependency] = []
    /// The upstreams' indexes that it was made from.
    package var ttls: [UpstreamTTL] = []
    /// `PlatformClock.uptime` after which an upstream should be asked again for a file; nil for never.
    package var validUntil: UInt64?
    /// The upstream could not be asked: this is what it said before.
    package var isStale = false

    package init(
        dependencies: [Dependency] = [], ttls: [UpstreamTTL] = [], validUntil: UInt64? = nil, isStale: Bool = false
    ) {
        self.dependencies = dependencies
        self.ttls = ttls
        self.validUntil = validUntil
        self.isStale = isStale
    }

    package mutating func merge(_ other: CacheValidity) {
        dependencies += other.dependencies
        ttls += other.ttls.filter { ttl in !ttls.contains { $0 === ttl } }
        validUntil = [validUntil, other.validUntil].compactMap(\.self).min()
        isStale = isStale || other.isStale
    }

    package func merging(_ other: CacheValidity) -> CacheValidity {
        var copy = self
        copy.merge(other)
        return copy
    }

    /// Whether the answer still holds.
    package func isCurrent(counters: ChangeCounters, catalogue: CatalogueSnapshot, clock: PlatformClock) -> Bool {
        holds(counters: counters, clock: clock)
            && dependencies.allSatisfy { catalogue.repository(id: $0.repository.record.id) === $0.repository }
    }

    /// Whether the answer still holds, where the catalogue is known to be the same.
    package func holds(counters: ChangeCounters, clock: PlatformClock) -> Bool {
        if validUntil != nil || !ttls.isEmpty {
            let now = clock.uptime()
            if let validUntil, now >= validUntil { return false }
            guard ttls.allSatisfy({ $0.isCurrent(now) }) else { return false }
        }
        return dependencies.allSatisfy { counters.isCurrent($0.version) }
    }

    /// Whether both were found in the same state of all that they rest on: then what was made of one is what would be made
    /// of the other. Until when each holds may differ.
    package func isSameState(as other: CacheValidity) -> Bool {
        isStale == other.isStale && validUntil == other.validUntil
            && dependencies.elementsEqual(other.dependencies) { $0.repository === $1.repository && $0.version == $1.version }
            && ttls.elementsEqual(other.ttls) { $0.key == $1.key && $0.content == $1.content }
    }
}

/// The bytes of a file.
package enum AssetContent: Sendable {
    /// Here, whole and verified.
    case stored(StoredAsset, Blob, CacheValidity)
    /// On its way from an upstream.
    case arriving(ArrivingAsset)
    /// Known, but not here, and only its head was asked for.
    case described(AssetRecord, size: Int64?)

    /// What is known of the file.
    package var record: AssetRecord {
        switch self {
        case .stored(let asset, _, _): asset.record
        case .arriving(let arriving): arriving.record
        case .described(let record, _): record
        }
    }

    /// All of the bytes, for a small file that is looked into.
    ///
    /// - Throws: `tooLarge` past `limit`, and what the disk or the upstream does; `assetNotFound` for a mere description.
    package func bytes(limit: Int, pool: BlockingPool) async throws -> [UInt8] {
        switch self {
        case .stored(_, let blob, _): try await blob.stream(pool: pool).collect(limit: limit)
        case .arriving(let arriving):
            try await arriving.stream(from: 0, to: nil, length: arriving.head.size).collect(limit: limit)
        case .described: throw SaveError(.assetNotFound, "only the head of the file is here: ask for it with HEAD")
        }
    }

    /// The same content, which holds only as long as `validity` does.
    func depending(on validity: CacheValidity) -> AssetContent {
        guard case .stored(let asset, let blob, let own) = self else { return self }
        return .stored(asset, blob, own.merging(validity))
    }
}

/// "Not here", with what that answer depends on, so that a group's answer can depend on it as well.
package struct SourceMiss: Error, Sendable {
    package let error: SaveError
    package let validity: CacheValidity

    /// "Not to be taken from an upstream": refused rather than missing, because a client that is told "not found" goes on to
    /// the next index it knows, where somebody else may have published under the name.
    static func reserved(
        _ package: PackageID, _ pattern: NamePattern, in repository: Repository, _ validity: CacheValidity
    ) -> SourceMiss {
        SourceMiss(
            error: SaveError(
                .blocked,
                "'\(package)' is not hosted here, and \(repository.record.coordinates) takes no package of the reserved name '\(pattern)' from an upstream: publish it here, or have an owner change the reserved names"
            ), validity: validity)
    }

    /// The codes that mean that something is not there, as against not known.
    static let codes: Set<SaveError.Code> = [.packageNotFound, .assetNotFound, .notFound]
}
