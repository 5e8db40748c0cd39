internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func keyUses() throws -> [KeyUse] {
        try session.rows("SELECT key_id, used, address FROM key_uses ORDER BY key_id") { row in
            KeyUse(key: try row.text(), time: try row.time(), address: try row.text())
        }
    }

    func put(_ use: KeyUse) throws -> Bool {
        try session.execute(
            """
            INSERT INTO key_uses (key_id, used, address) SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM api_keys WHERE id = $1)
            ON CONFLICT (key_id) DO UPDATE SET used = excluded.used, address = excluded.address
            """,
            [.text(use.key), .time(use.time), .text(use.address)]) > 0
    }
}
