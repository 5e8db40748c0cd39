extension Migration {
    /// Exceptions from policies, and the numbers of what policies refused.
    static let waivers = Migration(number: 12, name: "waivers") { dialect in
        [
            """
            CREATE TABLE waivers (
              id \(dialect.identity), project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
              policy_id BIGINT NOT NULL REFERENCES policies (id) ON DELETE CASCADE, package TEXT NOT NULL,
              advisories TEXT NOT NULL, reason TEXT NOT NULL, until BIGINT NOT NULL, state TEXT NOT NULL,
              requested_by TEXT NOT NULL, granted_by TEXT, created BIGINT NOT NULL, updated BIGINT NOT NULL)
            """,
            "CREATE INDEX waivers_project ON waivers (project_id)",
            "CREATE INDEX waivers_policy ON waivers (policy_id)",
            """
            CREATE TABLE refusals (
              id \(dialect.identity), repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
              policy_id BIGINT NOT NULL REFERENCES policies (id) ON DELETE CASCADE, package \(dialect.text) NOT NULL,
              version \(dialect.text) NOT NULL, path \(dialect.text) NOT NULL, refused BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX refusals_subject ON refusals (repository_id, package, version, path, policy_id)",
            "CREATE INDEX refusals_policy ON refusals (policy_id)",
        ]
    }
}
