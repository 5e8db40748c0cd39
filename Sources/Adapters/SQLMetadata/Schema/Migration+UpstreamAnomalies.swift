extension Migration {
    /// What was odd about packages of upstreams, for policies that go by it.
    static let upstreamAnomalies = Migration(number: 11, name: "upstream anomalies") { dialect in
        [
            """
            CREATE TABLE upstream_anomalies (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, package \(dialect.text) NOT NULL,
              kind \(dialect.text) NOT NULL, subject \(dialect.text) NOT NULL, seen BIGINT NOT NULL,
              PRIMARY KEY (repository_id, package, kind, subject))
            """
        ]
    }
}
