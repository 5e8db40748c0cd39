extension Migration {
    /// When each key was last used. A table of its own: uses are written often, and never together with the key.
    static let keyUses = Migration(number: 5, name: "key uses") { dialect in
        [
            """
            CREATE TABLE key_uses (
              key_id \(dialect.text) NOT NULL PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
              used BIGINT NOT NULL, address TEXT NOT NULL)
            """
        ]
    }
}
