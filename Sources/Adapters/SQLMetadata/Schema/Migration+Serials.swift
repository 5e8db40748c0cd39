extension Migration {
    /// The number of the last change of each package and of each repository's packages, out of one count for all.
    ///
    /// The numbers begin where the seconds of the time are: what clients that keep copies were told before was the time of the
    /// newest file.
    static let serials = Migration(number: 8, name: "serials") { _ in
        [
            "CREATE TABLE change_serial (last BIGINT NOT NULL)",
            "INSERT INTO change_serial (last) SELECT coalesce(max(updated), 0) / 1000000 + 1 FROM packages",
            "ALTER TABLE packages ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
            "UPDATE packages SET serial = updated / 1000000 + 1",
            "ALTER TABLE repositories ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
            """
            UPDATE repositories SET serial =
              (SELECT coalesce(max(packages.serial), 0) FROM packages WHERE packages.repository_id = repositories.id)
            """,
        ]
    }
}
