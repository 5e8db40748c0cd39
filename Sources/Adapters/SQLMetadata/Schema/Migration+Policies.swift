extension Migration {
    /// Policies, which keep files from clients, and when files were first known of that have no time of their own. A policy of the
    /// whole server belongs to neither a project nor a repository.
    static let policies = Migration(number: 10, name: "policies") { dialect in
        [
            """
            CREATE TABLE policies (
              id \(dialect.identity), name \(dialect.text) NOT NULL, description TEXT NOT NULL,
              project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
              repository_id BIGINT REFERENCES repositories (id) ON DELETE CASCADE,
              priority BIGINT NOT NULL, action TEXT NOT NULL, dry_run SMALLINT NOT NULL, enabled SMALLINT NOT NULL,
              presentation TEXT NOT NULL, include_hosted SMALLINT NOT NULL, match_members TEXT NOT NULL,
              created BIGINT NOT NULL, updated BIGINT NOT NULL)
            """,
            """
            CREATE UNIQUE INDEX policies_name ON policies (COALESCE(project_id, 0), COALESCE(repository_id, 0), name)
            """,
            "CREATE INDEX policies_project ON policies (project_id) WHERE project_id IS NOT NULL",
            "CREATE INDEX policies_repository ON policies (repository_id) WHERE repository_id IS NOT NULL",
            """
            CREATE TABLE file_sightings (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, path \(dialect.text) NOT NULL,
              digest \(dialect.text) NOT NULL, seen BIGINT NOT NULL,
              PRIMARY KEY (repository_id, path, digest))
            """,
        ]
    }
}
