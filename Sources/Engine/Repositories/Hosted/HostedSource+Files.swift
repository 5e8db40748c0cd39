internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

extension HostedSource {
    /// Listings of fewer files are read again whenever one of them changes.
    private static let smallestKept = 200

    /// The files of a package. Of a large one that was read before, only what has changed since is read.
    ///
    /// - Throws: `packageNotFound`.
    func files(of package: PackageID) async throws -> Listing {
        let key = ListingMemory.Key(repository: repository.record.id, package: package)
        let memory = storage.counters.listings
        let entry = memory.entry(key)
        let known = entry.known
        if let listing = known.listing, known.changes.isEmpty { return listing }
        do {
            let listing = try await storage.store.read { reading in
                guard let record = try reading.package(key.repository, package) else { throw Self.noPackage(package) }
                let assets = try Self.assets(key, known, reading)
                guard !assets.isEmpty else { throw Self.noPackage(package) }
                return Listing(assets: assets, attributes: record.attributes, serial: record.serial)
            }
            let count = listing.assets.count
            entry.update(listing, after: known)
            memory.weigh(entry, key, records: count, isWorthKeeping: count >= Self.smallestKept)
            return listing
        } catch {
            memory.weigh(entry, key, records: 0, isWorthKeeping: false)
            throw error
        }
    }

    private static func noPackage(_ package: PackageID) -> SaveError {
        SaveError(.packageNotFound, "there is no package '\(package)': check the name")
    }

    private static func assets(
        _ key: ListingMemory.Key, _ known: ListingMemory.Entry.Known, _ reading: any MetadataReading
    ) throws -> [AssetRecord] {
        guard var records = known.listing?.assets else {
            return try reading.assets(key.repository, package: key.package).filter { $0.record.sidecarOf == nil }.map(\.listed)
        }
        for path in Set(known.changes) {
            let record = try reading.asset(key.repository, path)?.listed
            mend(&records, path, record?.sidecarOf == nil && record?.package == key.package ? record : nil)
        }
        return records
    }

    /// Puts what is at a path now in its place among records that are in the order of their paths.
    private static func mend(_ records: inout [AssetRecord], _ path: AssetPath, _ record: AssetRecord?) {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].path < path { low = middle + 1 } else { high = middle }
        }
        let isThere = low < records.count && records[low].path == path
        records.replaceSubrange(low..<(isThere ? low + 1 : low), with: record.map { [$0] } ?? [])
    }
}

extension StoredAsset {
    /// The record as listings have it: with who uploaded the file.
    var listed: AssetRecord {
        var record = record
        record.publisher = uploadedBy
        return record
    }
}
