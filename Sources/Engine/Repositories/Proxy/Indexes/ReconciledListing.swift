internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

/// An upstream's listing, in agreement with the files that are here already: no other bytes under the name of one of these, and of
/// each what the upstream does not say.
struct ReconciledListing: Sendable {
    private(set) var listing: Listing
    /// Files of which the upstream lists other bytes than it did, with the SHA-256 that it lists; those that are here stay.
    private(set) var changed: [AssetPath: Checksum] = [:]

    /// - Parameter cached: the files of the package that are here.
    init(_ listed: Listing, cached: [StoredAsset]) {
        listing = listed
        if !cached.isEmpty {
            let cached = Self.byPath(cached)
            pin(cached)
            complete(cached)
        }
    }

    /// The same with what files tell that came since it was made.
    func completed(by cached: [StoredAsset]) -> ReconciledListing {
        var copy = self
        copy.complete(Self.byPath(cached))
        return copy
    }

    private static func byPath(_ cached: [StoredAsset]) -> [AssetPath: StoredAsset] {
        Dictionary(cached.map { ($0.record.path, $0) }) { first, _ in first }
    }

    /// What was handed out once under a name is what the name means: lock files hold its digest.
    private mutating func pin(_ cached: [AssetPath: StoredAsset]) {
        for place in listing.assets.indices {
            let listed = listing.assets[place]
            guard let kept = cached[listed.path],
                let checksum = listed.checksums[.sha256], checksum.hex != kept.blob.hex
            else { continue }
            changed[listed.path] = checksum
            listing.assets[place] = kept.record
            listing.assets[place].withdrawn = listed.withdrawn
        }
    }

    /// Adds sizes, and digests where every file of a version has one then: lock files take those of a version all or none.
    private mutating func complete(_ cached: [AssetPath: StoredAsset]) {
        let lacking = listing.assets.filter { $0.sidecarOf == nil && Self.sha256($0) == nil && cached[$0.path] == nil }
        let incomplete = Set(lacking.map(\.version))
        for place in listing.assets.indices where listing.assets[place].sidecarOf == nil {
            let listed = listing.assets[place]
            // What the upstream does say must be true of the bytes that are here.
            guard let kept = cached[listed.path], listed.checksums.allSatisfy(kept.record.checksums.contains) else { continue }
            listing.assets[place].size = listed.size ?? kept.size
            guard Self.sha256(listed) == nil, !incomplete.contains(listed.version),
                let digest = Checksum(.sha256, hex: kept.blob.hex)
            else { continue }
            listing.assets[place].checksums.insert(digest, at: 0)
        }
    }

    /// Whether a file lacks a size or a digest, which it gets once it is here.
    var isIncomplete: Bool { listing.assets.contains { $0.sidecarOf == nil && ($0.size == nil || Self.sha256($0) == nil) } }

    /// Whether a path is of a file that clients see on the page, not of what goes with one.
    func isListed(_ path: AssetPath) -> Bool { listing.assets.contains { $0.path == path && $0.sidecarOf == nil } }

    /// Files that another listing has with another digest, without those that are kept as they were.
    func digestsChanged(since earlier: Listing) -> [AssetPath] {
        let before = Dictionary(earlier.assets.map { ($0.path, Self.sha256($0)) }) { first, _ in first }
        return listing.assets.filter { asset in
            guard asset.sidecarOf == nil, let old = before[asset.path] ?? nil, let new = Self.sha256(asset) else { return false }
            return old != new
        }.map(\.path)
    }

    private static func sha256(_ asset: AssetRecord) -> String? { asset.checksums[.sha256]?.hex }
}
