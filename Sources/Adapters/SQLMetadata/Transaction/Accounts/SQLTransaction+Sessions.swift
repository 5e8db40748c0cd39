internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func session(_ id: String) throws -> SessionRecord? {
        try session.first("SELECT \(Self.sessionColumns) FROM sessions WHERE id = $1", [.text(id)], Self.browserSession)
    }

    func sessions(of username: String) throws -> [SessionRecord] {
        try session.rows(
            "SELECT \(Self.sessionColumns) FROM sessions WHERE username = $1 ORDER BY created, id", [.text(username)],
            Self.browserSession)
    }

    func put(_ record: SessionRecord) throws {
        try session.execute(
            """
            INSERT INTO sessions (\(Self.sessionColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO UPDATE SET username = excluded.username, credential = excluded.credential,
              created = excluded.created, used = excluded.used, address = excluded.address, user_agent = excluded.user_agent
            """,
            [
                .text(record.id), .text(record.username), .text(record.credential), .time(record.created), .time(record.used),
                .text(record.address), .text(record.userAgent),
            ])
    }

    func deleteSession(_ id: String) throws -> Bool {
        try session.execute("DELETE FROM sessions WHERE id = $1", [.text(id)]) > 0
    }

    func deleteSessions(usedBefore used: Timestamp, createdBefore created: Timestamp) throws {
        try session.execute("DELETE FROM sessions WHERE used < $1 OR created < $2", [.time(used), .time(created)])
    }

    private static let sessionColumns = "id, username, credential, created, used, address, user_agent"

    private static func browserSession(_ row: inout SQLColumns) throws -> SessionRecord {
        SessionRecord(
            id: try row.text(), username: try row.text(), credential: try row.text(), created: try row.time(),
            used: try row.time(), address: try row.text(), userAgent: try row.text())
    }
}
