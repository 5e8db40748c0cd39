internal import SaveSQLMetadata

extension SQLDialect {
    /// SQLite's own words.
    static let sqlite = SQLDialect(
        hasOneWriter: true,
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
        }, summed: sums, textIndex: .sqlite)

    /// sqlite.org/lang_createtrigger.html. Rows that go with the row they refer to count as deleted; a row that takes the place
    /// of another one (sqlite.org/lang_upsert.html) counts as updated.
    private static func sums(_ table: String, _ into: String, _ sums: [SQLSum]) -> [String] {
        func change(_ sign: String, _ row: String) -> String {
            let changes = sums.map { sum in
                "\(sum.column) = \(sum.column) \(sign) (\(sum.expression.replacing("row.", with: row + ".")))"
            }
            return "UPDATE \(into) SET \(changes.joined(separator: ", "));"
        }
        return [
            "CREATE TRIGGER \(table)_sum_insert AFTER INSERT ON \(table) BEGIN \(change("+", "NEW")) END",
            "CREATE TRIGGER \(table)_sum_delete AFTER DELETE ON \(table) BEGIN \(change("-", "OLD")) END",
            "CREATE TRIGGER \(table)_sum_update AFTER UPDATE ON \(table) BEGIN \(change("-", "OLD")) \(change("+", "NEW")) END",
        ]
    }
}

extension SQLTextIndex {
    /// sqlite.org/fts5.html: a contentless table ("4.4.1") over trigrams ("4.3.4") without positions ("4.6"). It is told of
    /// rows by statements and not by triggers, because the schema is not trusted to run virtual tables.
    fileprivate static let sqlite = SQLTextIndex(
        create: { index in
            [
                """
                CREATE VIRTUAL TABLE \(index)
                USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')
                """
            ]
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
