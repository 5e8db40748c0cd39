extension Migration {
    /// The number of the last change of each package and of each repository's packages, out of one count for all.
    ///
    /// The numbers begin where the seconds of the time are: what clients that keep copies were told before was the time of the
    /// newest file.
    ///
    /// With several writers the count is a sequence, and a repository's number the highest of its packages': the row of a repository
    /// has it only where a package is gone.
    static let serials = Migration(number: 8, name: "serials") { dialect in
        columns + (dialect.hasOneWriter ? row : sequence)
    }

    private static let sequence = [
        "CREATE SEQUENCE change_serials",
        "CREATE INDEX packages_serial ON packages (repository_id, serial)",
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
