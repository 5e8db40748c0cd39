internal import SavePlatform

extension SQLTransaction {
    func audit(_ query: AuditQuery) throws -> [AuditRecord] {
        var filter = SQLFilter()
        // The first that is set finds the records by its index. The others only look at what it finds: as expressions they
        // match no index, so that the planner cannot take one that half of all records are in.
        let equalities: [(String, String?)] = [
            ("resource", query.resource), ("actor", query.actor), ("action", query.action), ("resource_type", query.resourceType),
        ]
        for (column, value) in equalities {
            filter.add(filter.values.isEmpty ? "\(column) = ?" : "\(column) || '' = ?", .text(value))
        }
        filter.add("sequence < ?", .integer(query.before))
        filter.add("time >= ?", .time(query.since))
        filter.add("time <= ?", .time(query.until))
        if let outcome = query.outcome {
            filter.add("outcome = ?", .text(outcome.rawValue))
            // Says what the partial index says, word for word, so that it is used.
            if outcome != .ok { filter.add("outcome <> 'ok'") }
        }
        if let text = query.text, !text.isEmpty {
            let columns = ["actor", "action", "resource", "source_ip", "request_id", "details"]
            filter.add("(" + columns.map { dialect.contains($0, "?") }.joined(separator: " OR ") + ")", .text(text))
        }
        return try between(query.since, query.until, filter, limit: max(0, query.limit))
    }

    /// Turns times into sequence numbers, which the newest-first order can use; `high_time` rises with them.
    private func between(
        _ since: Timestamp?, _ until: Timestamp?, _ filter: SQLFilter, limit: Int
    ) throws -> [AuditRecord] {
        var filter = filter
        if let since {
            guard let first = try firstSequence("high_time >= $1", since) else { return [] }
            filter.add("sequence >= ?", .integer(first))
        }
        guard let until, let end = try firstSequence("high_time > $1", until) else {
            return try newest(filter, limit)
        }
        // Past `end` only records that are older than one before them can be in time.
        var late = filter
        // An expression, so that the small index of late records is taken and not the order of all.
        late.add("sequence + 0 >= ?", .integer(end))
        late.add("time < high_time")
        filter.add("sequence < ?", .integer(end))
        return Array((try newest(late, limit, order: "sequence + 0") + newest(filter, limit)).prefix(limit))
    }

    private func firstSequence(_ condition: String, _ time: Timestamp) throws -> Int64? {
        try session.first(
            "SELECT sequence FROM audit WHERE \(condition) ORDER BY high_time, sequence LIMIT 1", [.time(time)]
        ) { try $0.integer() }
    }

    private func newest(_ filter: SQLFilter, _ limit: Int, order: String = "sequence") throws -> [AuditRecord] {
        try session.rows(
            """
            SELECT \(Self.auditColumns) FROM audit WHERE \(filter.condition) ORDER BY \(order) DESC
            LIMIT $\(filter.values.count + 1)
            """, filter.values + [.integer(Int64(limit))], Self.auditRecord)
    }

    func audit(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try session.rows(
            "SELECT \(Self.auditColumns) FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            [.integer(sequence), .integer(Int64(max(0, limit)))], Self.auditRecord)
    }

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
            [
                .integer(record.sequence), .time(record.time), .text(record.actor), .text(record.actorKind),
                .text(record.action), .text(record.resourceType), .text(record.resource), .text(record.outcome.rawValue),
                .text(record.sourceIP), .text(record.userAgent), .text(record.requestID), .json(record.details),
                .text(record.hash), .text(record.previousHash),
                .integer(max(record.time.microseconds, highest ?? .min)),
            ])
    }

    // MARK: - Cutting

    func lastAudit(before time: Timestamp) throws -> AuditRecord? {
        try session.first(
            """
            SELECT \(Self.auditColumns) FROM audit WHERE high_time < $1 ORDER BY high_time DESC, sequence DESC LIMIT 1
            """, [.time(time)], Self.auditRecord)
    }

    func auditCut() throws -> AuditCut? {
        try session.first("SELECT sequence, hash FROM audit_cuts ORDER BY sequence DESC LIMIT 1") {
            AuditCut(sequence: try $0.integer(), hash: try $0.text())
        }
    }

    func cutAudit(_ cut: AuditCut) throws {
        try session.execute(
            "INSERT INTO audit_cuts (sequence, hash) VALUES ($1, $2)", [.integer(cut.sequence), .text(cut.hash)])
    }

    func removeCutAudit(limit: Int) throws -> Int {
        guard let cut = try auditCut() else { return 0 }
        return try session.execute(
            """
            DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE sequence <= $1 ORDER BY sequence LIMIT $2)
            """, [.integer(cut.sequence), .integer(Int64(max(0, limit)))])
    }

    private static let auditColumns = """
        sequence, time, actor, actor_kind, action, resource_type, resource, outcome, source_ip, user_agent, request_id, details,
        hash, previous_hash
        """

    private static func auditRecord(_ row: inout SQLColumns) throws -> AuditRecord {
        AuditRecord(
            sequence: try row.integer(), time: try row.time(), actor: try row.text(), actorKind: try row.text(),
            action: try row.text(), resourceType: try row.text(), resource: try row.text(), outcome: try row.choice(),
            sourceIP: try row.text(), userAgent: try row.text(), requestID: try row.text(), details: try row.object(),
            hash: try row.text(), previousHash: try row.text())
    }
}

/// Conditions that must all hold, with their values.
struct SQLFilter {
    private var conditions: [String] = []
    private(set) var values: [SQLValue] = []

    /// Adds a condition in which every `?` stands for the value; nothing for NULL.
    mutating func add(_ condition: String, _ value: SQLValue) {
        guard value != .null else { return }
        values.append(value)
        conditions.append(condition.split(separator: "?", omittingEmptySubsequences: false).joined(separator: "$\(values.count)"))
    }

    /// Adds a condition without a value.
    mutating func add(_ condition: String) { conditions.append(condition) }

    var condition: String { conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND ") }
}
