internal import SavePlatform

/// Audit records as text, a page at a time. One reader.
actor AuditExport {
    private let store: any MetadataStore
    private var query: AuditQuery
    /// How many records are still to come; nil for all.
    private var rest: Int?
    private let isCSV: Bool
    private var isStarted = false
    private var isFinished = false
    private static let pageSize = 1000
    /// Pages may come back with few records, or none, before the end.
    private static let leastBytes = 1 << 16

    init(store: any MetadataStore, query: AuditQuery, limit: Int?, isCSV: Bool) {
        self.store = store
        self.query = query
        self.rest = limit
        self.isCSV = isCSV
    }

    /// The next bytes; nil at the end.
    func next() async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        if !isStarted {
            isStarted = true
            if isCSV { bytes += CSV.line(Self.columns) }
        }
        while !isFinished, bytes.count < Self.leastBytes {
            query.limit = min(rest ?? Self.pageSize, Self.pageSize)
            let page = try await store.read { [query] in try $0.audit(query) }
            query.before = page.next
            rest = rest.map { $0 - page.records.count }
            isFinished = page.next == nil || rest == 0
            for record in page.records {
                bytes += isCSV ? Self.line(record) : AuditRoutes.json(record).bytes + [UInt8(ascii: "\n")]
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static let columns = [
        "id", "time", "actor", "actor_kind", "action", "resource_type", "resource", "outcome", "source_ip", "user_agent",
        "request_id", "details", "hash", "previous_hash",
    ]

    private static func line(_ record: AuditRecord) -> [UInt8] {
        CSV.line([
            String(record.sequence), record.time.rfc3339, record.actor, record.actorKind, record.action, record.resourceType,
            record.resource, record.outcome.rawValue, record.sourceIP, record.userAgent, record.requestID,
            JSONValue.object(record.details).text, record.hash, record.previousHash,
        ])
    }
}

/// Comma-separated values (RFC 4180).
enum CSV {
    /// One line, every field in quotes.
    static func line(_ fields: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            // OWASP, CSV Injection: a spreadsheet runs a cell that starts with one of these; a quote before it makes it
            // text.
            if let first = field.utf8.first, "=+-@\t\r\n".utf8.contains(first) { bytes.append(UInt8(ascii: "'")) }
            for byte in field.utf8 {
                if byte == UInt8(ascii: "\"") { bytes.append(byte) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes += [0x0D, 0x0A]
        return bytes
    }
}
