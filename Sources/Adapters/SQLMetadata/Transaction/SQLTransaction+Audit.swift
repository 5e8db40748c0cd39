internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func lastAudit() throws -> AuditRecord? {
        try session.first("SELECT \(Self.auditColumns) FROM audit ORDER BY sequence DESC LIMIT 1", [], Self.auditRecord)
    }

    func append(_ record: AuditRecord) throws {
        let highest = try session.first("SELECT high_time FROM audit ORDER BY sequence DESC LIMIT 1") { try $0.integer() }
        try session.execute(
            """
            INSERT INTO audit (\(Self.auditColumns), high_time)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            Self.values(of: record, highTime: max(record.time.microseconds, highest ?? .min)))
    }

    /// The values of `auditColumns` and of `high_time`.
    static func values(of record: AuditRecord, highTime: Int64) -> [SQLValue] {
        [
            .integer(record.sequence), .time(record.time), .text(record.actor), .text(record.actorKind),
            .text(record.action), .text(record.resourceType), .text(record.resource), .text(record.outcome.rawValue),
            .text(record.sourceIP), .text(record.userAgent), .text(record.requestID), .json(record.details),
            .text(record.hash), .text(record.previousHash), .integer(highTime),
        ]
    }

    // MARK: - Cutting

    func lastAudit(before time: Timestamp) throws -> AuditRecord? {
        try session.first(
            """
            SELECT \(Self.auditColumns) FROM audit WHERE high_time < $1 ORDER BY high_time DESC, sequence DESC LIMIT 1
            """, [.time(time)], Self.auditRecord)
    }

    func auditCut() throws -> AuditTruncation? {
        try session.first("SELECT sequence, hash FROM audit_cuts ORDER BY sequence DESC LIMIT 1") {
            AuditTruncation(sequence: try $0.integer(), hash: try $0.text())
        }
    }

    func cutAudit(_ cut: AuditTruncation) throws {
        try session.execute(
            "INSERT INTO audit_cuts (sequence, hash) VALUES ($1, $2)", [.integer(cut.sequence), .text(cut.hash)])
    }

    func removeCutAudit(limit: Int) throws -> Int {
        guard let cut = try auditCut() else { return 0 }
        // With several writers the record of the cut may not have its place yet, and it has the end of the trail to follow.
        if !dialect.hasOneWriter, try (lastAudit()?.sequence ?? 0) <= cut.sequence { return 0 }
        let end = try session.integer(
            "SELECT max(sequence) FROM (SELECT sequence FROM audit WHERE sequence <= $1 ORDER BY sequence LIMIT $2) AS oldest",
            [.integer(cut.sequence), .integer(Int64(max(0, limit)))])
        // The index of texts keeps no texts: it forgets by being told again what it was told.
        try session.execute(
            dialect.textIndex.remove(
                "audit_text", AuditSearch.text,
                "audit WHERE sequence <= $1 AND sequence <= (SELECT through FROM audit_text_progress)"), [.integer(end)])
        return try session.execute("DELETE FROM audit WHERE sequence <= $1", [.integer(end)])
    }

    static let auditColumns = """
        sequence, time, actor, actor_kind, action, resource_type, resource, outcome, source_ip, user_agent, request_id, details,
        hash, previous_hash
        """

    static func auditRecord(_ row: inout SQLColumns) throws -> AuditRecord {
        AuditRecord(
            sequence: try row.integer(), time: try row.time(), actor: try row.text(), actorKind: try row.text(),
            action: try row.text(), resourceType: try row.text(), resource: try row.text(), outcome: try row.choice(),
            sourceIP: try row.text(), userAgent: try row.text(), requestID: try row.text(), details: try row.object(),
            hash: try row.text(), previousHash: try row.text())
    }
}
