internal import SaveSQLMetadata

extension SQLDialect {
    /// SQLite's own words.
    static let sqlite = SQLDialect(
        // sqlite.org/autoinc.html: AUTOINCREMENT "prevents the reuse of ROWIDs over the lifetime of the database".
        identity: "INTEGER PRIMARY KEY AUTOINCREMENT",
        rowNumber: "INTEGER PRIMARY KEY",
        // The default collation, BINARY, compares with memcmp.
        text: "TEXT", bytes: "BLOB",
        contains: { "instr(\($0), \($1)) > 0" },
        appendOnly: { table in
            ["UPDATE", "DELETE"].map { change in
                """
                CREATE TRIGGER \(table)_refuses_\(change.lowercased()) BEFORE \(change) ON \(table)
                BEGIN SELECT RAISE(ABORT, 'the records of this table stay as they are'); END
                """
            }
        },
        removableThrough: { table, rowNumber, limit in
            [
                "DROP TRIGGER \(table)_refuses_delete",
                """
                CREATE TRIGGER \(table)_refuses_delete BEFORE DELETE ON \(table) WHEN OLD.\(rowNumber) > (\(limit))
                BEGIN SELECT RAISE(ABORT, 'the records of this table stay as they are'); END
                """,
            ]
        }, textIndex: .sqlite)
}

extension SQLTextIndex {
    /// sqlite.org/fts5.html: a contentless table ("4.4.1") over trigrams ("4.3.4") without positions ("4.6"). It is told of
    /// rows by statements and not by triggers, because the schema is not trusted to run virtual tables.
    fileprivate static let sqlite = SQLTextIndex(
        create: { index in
            """
            CREATE VIRTUAL TABLE \(index)
            USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')
            """
        },
        add: { index, text, source in "INSERT INTO \(index) (rowid, text) SELECT sequence, \(text) FROM \(source)" },
        remove: { index, text, source in
            "INSERT INTO \(index) (\(index), rowid, text) SELECT 'delete', sequence, \(text) FROM \(source)"
        },
        condition: { index in "\(index) MATCH ?" },
        pattern: { parts in
            parts.map { "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" }
                .joined(separator: " AND ")
        })
}
