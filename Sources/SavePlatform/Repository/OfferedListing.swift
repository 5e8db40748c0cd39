internal import SaveDigest

/// What a proxy offers of its upstream's listing: nothing from hosts that are not allowed, and no other bytes under the
/// name of a file that is here already.
struct OfferedListing: Sendable {
    /// Why a file is not offered as the upstream lists it.
    enum Exception: Sendable, Equatable {
        /// It is on a host that `allowed_file_hosts` does not list.
        case host(String)
        /// The upstream lists other bytes than it did; those that are here stay.
        case changed(listed: Checksum)
    }

    private(set) var listing: Listing
    private(set) var exceptions: [AssetPath: Exception] = [:]
    /// What the upstream lists of files that are left out.
    private(set) var withheld: [AssetPath: AssetRecord] = [:]

    /// - Parameter cached: the files of the package that are here.
    init(_ listed: Listing, cached: [StoredAsset], allowedHosts: [String]) {
        listing = listed
        if !allowedHosts.isEmpty { drop(otherThan: allowedHosts) }
        if !cached.isEmpty { pin(cached) }
    }

    private mutating func drop(otherThan allowed: [String]) {
        for asset in listing.assets {
            guard let origin = asset.origin else { continue }
            let host = URLOrigin(of: origin)?.host ?? ""
            guard !allowed.contains(host) else { continue }
            exceptions[asset.path] = .host(host)
            withheld[asset.path] = asset
        }
        listing.assets.removeAll { asset in
            exceptions[asset.path] != nil || asset.sidecarOf.map { exceptions[$0] != nil } ?? false
        }
    }

    /// What was handed out once under a name is what the name means: lock files hold its digest.
    private mutating func pin(_ cached: [StoredAsset]) {
        let cached = Dictionary(cached.map { ($0.record.path, $0) }) { first, _ in first }
        for place in listing.assets.indices {
            let listed = listing.assets[place]
            guard let kept = cached[listed.path],
                let checksum = listed.checksums.first(where: { $0.algorithm == .sha256 }), checksum.hex != kept.blob.hex
            else { continue }
            exceptions[listed.path] = .changed(listed: checksum)
            listing.assets[place] = kept.record
            listing.assets[place].withdrawn = listed.withdrawn
        }
    }

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

    private static func sha256(_ asset: AssetRecord) -> String? { asset.checksums.first { $0.algorithm == .sha256 }?.hex }
}
