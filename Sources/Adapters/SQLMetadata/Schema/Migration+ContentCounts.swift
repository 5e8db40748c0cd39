extension Migration {
    /// How much content there is, in one row that every change of content changes with it: counting two million rows takes a
    /// second.
    static let contentCounts = Migration(number: 7, name: "content counts") { dialect in
        let isFile = "CASE WHEN row.sidecar_of IS NULL THEN 1 ELSE 0 END"
        let isSidecar = "CASE WHEN row.sidecar_of IS NULL THEN 0 ELSE 1 END"
        return [
            """
            CREATE TABLE content_counts (
              packages BIGINT NOT NULL, files BIGINT NOT NULL, sidecars BIGINT NOT NULL, bytes BIGINT NOT NULL)
            """,
            """
            INSERT INTO content_counts (packages, files, sidecars, bytes)
            SELECT (SELECT count(*) FROM packages), count(*) - count(sidecar_of), count(sidecar_of), coalesce(sum(size), 0)
            FROM assets
            """,
        ] + dialect.summed("packages", "content_counts", [.init("packages", "1")])
            + dialect.summed(
                "assets", "content_counts", [.init("files", isFile), .init("sidecars", isSidecar), .init("bytes", "row.size")])
    }
}
