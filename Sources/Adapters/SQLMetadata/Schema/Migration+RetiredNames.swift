extension Migration {
    /// The names of deleted files, which are not given to other files.
    static let retiredNames = Migration(number: 2, name: "retired names") { dialect in
        [
            """
            CREATE TABLE retired_names (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, path \(dialect.text) NOT NULL,
              package \(dialect.text), identity \(dialect.text), blob \(dialect.text) NOT NULL, retired_by TEXT NOT NULL,
              retired BIGINT NOT NULL,
              PRIMARY KEY (repository_id, path))
            """,
            "CREATE INDEX retired_names_package ON retired_names (repository_id, package, path) WHERE package IS NOT NULL",
            """
            CREATE INDEX retired_names_identity ON retired_names (repository_id, package, identity)
            WHERE package IS NOT NULL AND identity IS NOT NULL
            """,
        ]
    }
}
