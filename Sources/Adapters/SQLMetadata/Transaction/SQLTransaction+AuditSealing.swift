internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Whether a transaction left a record that waits for its place in the audit trail.
final class WaitingRecords: Sendable {
    private let exist = Mutex(false)
    var isEmpty: Bool { exist.withLock { !$0 } }
    func note() { exist.withLock { $0 = true } }
}

/// With several writers, a chain that each transaction adds to would make all of them wait for each other. So a record is committed
/// with its change in a table of its own, to which any number of writers add, and one transaction at a time moves what is there to
/// the end of the chain. A process that ends in between leaves its records to the next one.
extension SQLTransaction {
    static let sealedAtOnce = 200
    private static let waitingColumns = """
        time, actor, actor_kind, action, resource_type, resource, outcome, source_ip, user_agent, request_id, details
        """

    func chain(_ record: AuditRecord) throws {
        guard let waiting else { return try append(record.following(try lastAudit())) }
        try session.execute(
            "INSERT INTO audit_waiting (\(Self.waitingColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                .time(record.time), Self.storable(record.actor), Self.storable(record.actorKind), Self.storable(record.action),
                Self.storable(record.resourceType), Self.storable(record.resource), .text(record.outcome.rawValue),
                Self.storable(record.sourceIP), Self.storable(record.userAgent), Self.storable(record.requestID),
                .json(record.details),
            ])
        waiting.note()
    }

    /// PostgreSQL 15, 8.3: a text has no U+0000. What an attacker sends must not keep its record out, so another character stands for it.
    private static func storable(_ text: String) -> SQLValue {
        guard text.utf8.contains(0) else { return .text(text) }
        return .text(text.replacing("\0", with: "\u{FFFD}"))
    }

    /// Gives the oldest waiting records their places. Only one transaction at a time may do so; were there two, one would break the
    /// unique index of sequence numbers and change nothing.
    ///
    /// - Returns: how many there were; at most 200.
    func seal() throws -> Int {
        let waiting = try session.rows(
            "SELECT id, \(Self.waitingColumns) FROM audit_waiting ORDER BY id LIMIT \(Self.sealedAtOnce)", [], Self.waitingRecord)
        guard !waiting.isEmpty else { return 0 }
        var last = try lastAudit() ?? endOfCut()
        var highest =
            try session.first("SELECT high_time FROM audit ORDER BY sequence DESC LIMIT 1") { try $0.integer() } ?? .min
        var values: [SQLValue] = []
        for (_, record) in waiting {
            let sealed = record.following(last)
            highest = max(highest, sealed.time.microseconds)
            values += Self.values(of: sealed, highTime: highest)
            last = sealed
        }
        let width = values.count / waiting.count
        let rows = waiting.indices.map { row in
            "(" + (1...width).map { "$\(row * width + $0)" }.joined(separator: ", ") + ")"
        }
        try session.execute(
            "INSERT INTO audit (\(Self.auditColumns), high_time) VALUES \(rows.joined(separator: ", "))", values)
        // By their ids: others have committed records with smaller ones meanwhile.
        let places = waiting.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        try session.execute("DELETE FROM audit_waiting WHERE id IN (\(places))", waiting.map { .integer($0.id) })
        return waiting.count
    }

    /// Where the trail goes on when all of its records were cut off. Only number and hash of it count.
    private func endOfCut() throws -> AuditRecord? {
        try auditCut().map { cut in
            AuditRecord(
                sequence: cut.sequence, time: Timestamp(seconds: 0), actor: "", actorKind: "", action: "", resourceType: "",
                resource: "", outcome: .ok, sourceIP: "", userAgent: "", requestID: "", details: [:], hash: cut.hash,
                previousHash: "")
        }
    }

    private static func waitingRecord(_ row: inout SQLColumns) throws -> (id: Int64, record: AuditRecord) {
        let id = try row.integer()
        let record = AuditRecord(
            sequence: 0, time: try row.time(), actor: try row.text(), actorKind: try row.text(), action: try row.text(),
            resourceType: try row.text(), resource: try row.text(), outcome: try row.choice(), sourceIP: try row.text(),
            userAgent: try row.text(), requestID: try row.text(), details: try row.object(), hash: "", previousHash: "")
        return (id, record)
    }

    /// Removes what several writers leave behind: tokens that nobody asks for any more, and sums of content, of which each change
    /// adds a row, but for one.
    func tidy() throws {
        // By the database's clock, which wrote the times as well.
        try session.execute("DELETE FROM commit_tokens WHERE written < now() - interval '1 hour'", [])
        try tidySerials()
        guard try session.exists("SELECT 1 FROM content_counts OFFSET 1000 LIMIT 1", []) else { return }
        try session.execute(
            """
            WITH gone AS (DELETE FROM content_counts RETURNING packages, files, sidecars, bytes)
            INSERT INTO content_counts (packages, files, sidecars, bytes)
            SELECT sum(packages), sum(files), sum(sidecars), sum(bytes) FROM gone
            """, [])
    }
}
