extension Migration {
    /// The tables of the first release.
    static let foundation = Migration(number: 1, name: "foundation") { dialect in
        catalogue(dialect) + accounts(dialect) + content(dialect) + audit(dialect)
    }

    private static func catalogue(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE projects (
              id \(dialect.identity), name \(dialect.text) NOT NULL UNIQUE, description TEXT NOT NULL,
              created BIGINT NOT NULL, updated BIGINT NOT NULL)
            """,
            """
            CREATE TABLE repositories (
              id \(dialect.identity), project_id BIGINT NOT NULL REFERENCES projects (id), name \(dialect.text) NOT NULL,
              format TEXT NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL, online SMALLINT NOT NULL,
              anonymous_read SMALLINT NOT NULL, hosted TEXT NOT NULL, proxy TEXT NOT NULL, group_settings TEXT NOT NULL,
              settings TEXT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL,
              UNIQUE (project_id, name))
            """,
            """
            CREATE TABLE members (
              project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE, principal \(dialect.text) NOT NULL,
              role TEXT NOT NULL, PRIMARY KEY (project_id, principal))
            """,
            "CREATE INDEX members_principal ON members (principal)",
        ]
    }

    private static func accounts(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE users (
              id \(dialect.identity), username \(dialect.text) NOT NULL UNIQUE, password_hash TEXT NOT NULL,
              role TEXT NOT NULL, disabled SMALLINT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL)
            """,
            """
            CREATE TABLE robots (
              id \(dialect.identity), name \(dialect.text) NOT NULL UNIQUE, description TEXT NOT NULL,
              disabled SMALLINT NOT NULL, project_id BIGINT REFERENCES projects (id),
              created BIGINT NOT NULL, updated BIGINT NOT NULL)
            """,
            """
            CREATE TABLE api_keys (
              id \(dialect.text) NOT NULL PRIMARY KEY, owner \(dialect.text) NOT NULL, hash \(dialect.bytes) NOT NULL,
              description TEXT NOT NULL, scopes TEXT NOT NULL, expires BIGINT, created BIGINT NOT NULL)
            """,
            "CREATE INDEX api_keys_owner ON api_keys (owner, created, id)",
        ]
    }

    private static func content(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE packages (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, name \(dialect.text) NOT NULL,
              display_name TEXT NOT NULL, attributes TEXT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL,
              PRIMARY KEY (repository_id, name))
            """,
            """
            CREATE TABLE assets (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, path \(dialect.text) NOT NULL,
              directory \(dialect.text) NOT NULL, package \(dialect.text), version TEXT, published_size BIGINT,
              checksums TEXT NOT NULL, published BIGINT, withdrawn TEXT, sidecar_of \(dialect.text), identity \(dialect.text), origin TEXT,
              content_type TEXT, attributes TEXT NOT NULL, blob \(dialect.text) NOT NULL, size BIGINT NOT NULL,
              uploaded_by TEXT, created BIGINT NOT NULL,
              PRIMARY KEY (repository_id, path))
            """,
            // A directory's own files, and its child directories by jumping from one to the next.
            "CREATE INDEX assets_directory ON assets (repository_id, directory, path)",
            "CREATE INDEX assets_package ON assets (repository_id, package, path) WHERE package IS NOT NULL",
            "CREATE INDEX assets_sidecar ON assets (repository_id, sidecar_of) WHERE sidecar_of IS NOT NULL",
            """
            CREATE INDEX assets_identity ON assets (repository_id, package, identity)
            WHERE package IS NOT NULL AND identity IS NOT NULL
            """,
            // The size makes this index enough for all sums.
            "CREATE INDEX assets_blob ON assets (blob, size)",
            """
            CREATE TABLE cached_indexes (
              repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, key \(dialect.text) NOT NULL,
              blob \(dialect.text) NOT NULL, url TEXT NOT NULL, content_type TEXT, etag TEXT, last_modified TEXT,
              fetched BIGINT NOT NULL, verified BIGINT NOT NULL,
              PRIMARY KEY (repository_id, key))
            """,
            "CREATE INDEX cached_indexes_blob ON cached_indexes (blob)",
        ]
    }

    /// `high_time` is the latest time of any record so far: it never falls, however the clock jumps, so a search between
    /// two times becomes one between two sequence numbers. Records that are older than one before them are few; they
    /// have an index of their own.
    private static func audit(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE audit (
              sequence \(dialect.rowNumber), time BIGINT NOT NULL, high_time BIGINT NOT NULL, actor \(dialect.text) NOT NULL,
              actor_kind TEXT NOT NULL, action \(dialect.text) NOT NULL, resource_type \(dialect.text) NOT NULL,
              resource \(dialect.text) NOT NULL, outcome TEXT NOT NULL, source_ip TEXT NOT NULL, user_agent TEXT NOT NULL,
              request_id TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL, previous_hash TEXT NOT NULL)
            """,
            "CREATE INDEX audit_actor ON audit (actor, sequence)",
            "CREATE INDEX audit_action ON audit (action, sequence)",
            "CREATE INDEX audit_resource_type ON audit (resource_type, sequence)",
            "CREATE INDEX audit_resource ON audit (resource, sequence)",
            "CREATE INDEX audit_outcome ON audit (outcome, sequence) WHERE outcome <> 'ok'",
            "CREATE INDEX audit_high_time ON audit (high_time, sequence)",
            "CREATE INDEX audit_late ON audit (time) WHERE time < high_time",
        ] + dialect.appendOnly("audit") + (dialect.hasOneWriter ? [] : [waiting(dialect), tokens, identity])
    }

    /// Which server's key the records were made with: the key is not in the database and may be another one.
    private static let identity = "CREATE TABLE server_identity (key_check TEXT NOT NULL)"

    /// What says of a write whose answer got lost whether it was committed.
    private static let tokens = """
        CREATE TABLE commit_tokens (
          token BIGINT NOT NULL PRIMARY KEY, is_void BOOLEAN NOT NULL, written TIMESTAMPTZ NOT NULL DEFAULT now())
        """

    /// Records that were committed with their changes and have no place in the chain yet.
    private static func waiting(_ dialect: SQLDialect) -> String {
        """
        CREATE TABLE audit_waiting (
          id \(dialect.identity), time BIGINT NOT NULL, actor TEXT NOT NULL, actor_kind TEXT NOT NULL, action TEXT NOT NULL,
          resource_type TEXT NOT NULL, resource TEXT NOT NULL, outcome TEXT NOT NULL, source_ip TEXT NOT NULL,
          user_agent TEXT NOT NULL, request_id TEXT NOT NULL, details TEXT NOT NULL)
        """
    }
}
