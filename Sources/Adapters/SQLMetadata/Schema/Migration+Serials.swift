extension Migration {
    /// The number of the last change of each package and of each repository's packages, out of one count for all.
    ///
    /// The numbers begin where the seconds of the time are: what clients that keep copies were told before was the time of the
    /// newest file.
    ///
    /// With several writers the count is a sequence, and each change adds its number to those of the repository; the highest counts,
    /// and the others are removed now and then.
    static let serials = Migration(number: 8, name: "serials") { dialect in
        columns + (dialect.hasOneWriter ? row : sequence)
    }

    private static let sequence = [
        "CREATE SEQUENCE change_serials",
        """
        CREATE TABLE repository_serials (
          repository_id BIGINT NOT NULL, serial BIGINT NOT NULL, PRIMARY KEY (repository_id, serial))
        """,
        // Room for a changed row beside the old one: then no index has to change, which others are reading.
        "ALTER TABLE packages SET (fillfactor = 80)",
    ]

    private static let columns = [
        "ALTER TABLE packages ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE repositories ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
    ]

    private static let row = [
        "CREATE TABLE change_serial (last BIGINT NOT NULL)",
        "INSERT INTO change_serial (last) SELECT coalesce(max(updated), 0) / 1000000 + 1 FROM packages",
        "UPDATE packages SET serial = updated / 1000000 + 1",
        """
        UPDATE repositories SET serial =
          (SELECT coalesce(max(packages.serial), 0) FROM packages WHERE packages.repository_id = repositories.id)
        """,
    ]
}
