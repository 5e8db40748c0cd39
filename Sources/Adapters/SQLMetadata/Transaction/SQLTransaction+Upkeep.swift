internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func isReferenced(_ digest: BlobDigest) throws -> Bool {
        try session.exists(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM assets WHERE blob = $1)
              OR EXISTS (SELECT 1 FROM cached_indexes WHERE blob = $1)
            """, [.text(digest.hex)])
    }

    func isReferencedByFile(_ digest: BlobDigest) throws -> Bool {
        try session.exists("SELECT 1 FROM assets WHERE blob = $1", [.text(digest.hex)])
    }

    func referencedBlobs(after: BlobDigest?, limit: Int) throws -> [BlobDigest] {
        try session.rows(
            """
            SELECT blob FROM (SELECT DISTINCT blob FROM assets WHERE blob > $1 ORDER BY blob LIMIT $2) AS files
            UNION SELECT blob FROM (SELECT DISTINCT blob FROM cached_indexes WHERE blob > $1 ORDER BY blob LIMIT $2) AS indexes
            ORDER BY blob LIMIT $2
            """, [.text(after?.hex ?? ""), .integer(Int64(max(0, limit)))]
        ) { try $0.digest() }
    }

    func references(to digest: BlobDigest) throws -> (assets: [StoredAsset], indexes: [CachedIndex]) {
        let blob: [SQLValue] = [.text(digest.hex)]
        let assets = try session.rows(
            "SELECT \(AssetRow.columns) FROM assets WHERE blob = $1 ORDER BY repository_id, path", blob, AssetRow.decode)
        let indexes = try session.rows(
            "SELECT \(Self.cacheColumns) FROM cached_indexes WHERE blob = $1 ORDER BY repository_id, key", blob, Self.cachedIndex)
        return (assets, indexes)
    }

    func statistics() throws -> StoreStatistics {
        var statistics = StoreStatistics()
        statistics.referencedBlobs = try session.integer(
            "SELECT count(*) FROM (SELECT blob FROM assets UNION SELECT blob FROM cached_indexes) AS needed")
        statistics.referencedBytes = try session.integer(
            "SELECT sum(size) FROM (SELECT max(size) AS size FROM assets GROUP BY blob) AS needed")
        return statistics
    }

    func counts() throws -> StoreCounts {
        var counts = StoreCounts()
        counts.projects = try session.integer("SELECT count(*) FROM projects")
        counts.repositories = try session.integer("SELECT count(*) FROM repositories")
        let content = try session.first("SELECT sum(packages), sum(files), sum(sidecars), sum(bytes) FROM content_counts", []) {
            row in
            (try row.integer(), try row.integer(), try row.integer(), try row.integer())
        }
        if let content { (counts.packages, counts.files, counts.sidecars, counts.logicalBytes) = content }
        return counts
    }
}
