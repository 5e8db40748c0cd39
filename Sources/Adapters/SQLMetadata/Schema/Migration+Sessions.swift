extension Migration {
    /// People who are signed in with a browser.
    static let sessions = Migration(number: 13, name: "sessions") { dialect in
        [
            """
            CREATE TABLE sessions (
              id \(dialect.text) NOT NULL PRIMARY KEY, username \(dialect.text) NOT NULL, credential TEXT NOT NULL,
              created BIGINT NOT NULL, used BIGINT NOT NULL, address TEXT NOT NULL, user_agent TEXT NOT NULL)
            """,
            "CREATE INDEX sessions_of_users ON sessions (username, created, id)",
        ]
    }
}
