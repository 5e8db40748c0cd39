internal import SaveAccess
internal import SavePlatform

/// Listings of several members put together. The first member to have a file wins, with all that it says of it.
struct MergedListing {
    private(set) var listing = Listing()
    private(set) var validity = CacheValidity()
    /// Where each listed file is from, as a place among the members.
    private(set) var places: [AssetPath: Int] = [:]
    /// Files that are not listed, because a member before theirs has the same one.
    private(set) var shadowed: Set<AssetPath> = []
    private(set) var isEmpty = true
    /// What members say of the package as a whole, in order.
    private(set) var said: [JSONObject] = []
    /// Members whose files must not be given out, as places among the members.
    private(set) var withheld: Set<Int> = []
    /// The repositories that the files are from.
    private var holders: Set<Int64> = []
    /// Whether a package's page has the files of all members.
    private let areShared: Bool
    private var identities: [String: Int] = [:]
    private var directories: Set<String> = []

    init(areShared: Bool) { self.areShared = areShared }

    /// Adds what the member at `place` lists. Call it in the order of the members.
    mutating func add(_ next: SourcedListing, from place: Int) {
        validity.merge(next.validity)
        holders.formUnion(next.holders)
        said.append(next.listing.attributes)
        add(serial: next.listing.serial)
        isEmpty = false
        listing.packages = listing.packages.merging(next.listing.packages, areShared: areShared)
        for directory in next.listing.directories where directories.insert(directory).inserted {
            listing.directories.append(directory)
            listing.directoryLinks[directory] = next.listing.directoryLinks[directory]
        }
        for asset in next.listing.assets {
            if isTaken(asset, by: place) {
                shadowed.insert(asset.path)
            } else {
                places[asset.path] = place
                if let identity = asset.identity { identities[identity] = place }
                listing.assets.append(asset)
            }
        }
    }

    /// What is put together changed last when a part of it did; where a part does not say when, nobody knows.
    private mutating func add(serial: Int64?) {
        guard !isEmpty else { return listing.serial = serial }
        guard let before = listing.serial, let serial else { return listing.serial = nil }
        listing.serial = max(before, serial)
    }

    /// Leaves a member out that gives nothing out of what it lists.
    mutating func withhold(_ next: SourcedListing, at place: Int) {
        validity.merge(next.validity)
        withheld.insert(place)
    }

    /// Puts together what the members say of the package, by the format's rule.
    mutating func settle(by format: IsolatedFormat<any RepositoryFormat>) async throws {
        guard said.count > 1 else {
            listing.attributes = said.first ?? JSONObject()
            return
        }
        let said = said
        let merging = format.cast { $0 as? any PackageMerging }
        listing.attributes =
            try await merging?.ask { try $0.attributes(mergedFrom: said) } ?? JSONObject(mergedByKeyFrom: said)
    }

    /// Notes the answer of a member that has nothing.
    mutating func add(_ miss: SourceMiss) { validity.merge(miss.validity) }

    /// Everything, in order.
    func sourced() -> SourcedListing {
        var sorted = listing
        sorted.directories.sort()
        var sourced = SourcedListing(listing: sorted, validity: validity)
        sourced.holders = holders
        return sourced
    }

    /// Whether another member has a file of this name, or one that clients take for the same.
    private func isTaken(_ asset: AssetRecord, by place: Int) -> Bool {
        if let owner = places[asset.path], owner != place { return true }
        guard let identity = asset.identity, let owner = identities[identity] else { return false }
        return owner != place
    }
}
