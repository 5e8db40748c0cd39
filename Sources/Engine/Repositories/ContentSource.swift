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
    /// The repositories that the files are from.
    var holders: Set<Int64> = []

    package init(listing: Listing, validity: CacheValidity) {
        self.listing = listing
        self.validity = validity
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
