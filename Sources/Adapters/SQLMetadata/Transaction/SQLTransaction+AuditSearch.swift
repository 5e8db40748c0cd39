internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func audit(_ query: AuditQuery) throws -> AuditPage {
        guard query.limit > 0 else { return AuditPage(records: [], next: nil) }
        return try AuditSearch(query, in: session, dialect).page()
    }

    func audit(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try session.rows(
            "SELECT \(Self.auditColumns) FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            [.integer(sequence), .integer(Int64(max(0, limit)))], Self.auditRecord)
    }

    func indexAudit(_ count: Int) throws -> Bool {
        let through = try session.integer("SELECT max(through) FROM audit_text_progress")
        let end = try session.first(
            "SELECT sequence FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT 1 OFFSET $2",
            [.integer(through), .integer(Int64(max(1, count)) - 1)]
        ) { try $0.integer() }
        guard let end else { return false }
        try session.execute(
            dialect.textIndex.add("audit_text", AuditSearch.text, "audit WHERE sequence > $1 AND sequence <= $2"),
            [.integer(through), .integer(end)])
        try session.execute("UPDATE audit_text_progress SET through = $1", [.integer(end)])
        return true
    }
}

/// One search of the audit trail: backwards through windows of sequence numbers, each as wide as the time it is given
/// allows, so that a page is never far off, however large the trail and however rare the match.
struct AuditSearch {
    private let session: any SQLSession
    private let query: AuditQuery
    private let dialect: SQLDialect
    /// What the search goes along: all records, an index, or the index of texts.
    private let way: Way
    private let filter: SQLFilter

    private enum Way {
        case all
        case index(condition: String, value: SQLValue)
        case text(pattern: String)
    }

    /// All that `q` looks at, as one text.
    static let text = columns.joined(separator: " || '\n' || ")
    private static let columns = ["actor", "action", "resource", "source_ip", "request_id", "details"]
    /// Records that a window looks at, at most.
    private static let maxCandidates: Int64 = 8192

    init(_ query: AuditQuery, in session: any SQLSession, _ dialect: SQLDialect) throws {
        self.session = session
        self.query = query
        self.dialect = dialect
        way = try Self.way(of: query, session, dialect)
        filter = Self.filter(of: query, dialect)
    }

    private static func way(of query: AuditQuery, _ session: any SQLSession, _ dialect: SQLDialect) throws -> Way {
        func along(_ column: String, _ value: String?) -> Way? {
            value.map { .index(condition: "\(column) = ?", value: .text($0)) }
        }
        if let few = along("resource", query.resource) ?? along("actor", query.actor) { return few }
        let parts = try TextParts(query.text ?? "").rarest(in: session, dialect, of: text)
        if !parts.isEmpty { return .text(pattern: dialect.textIndex.pattern(parts)) }
        if let outcome = query.outcome, outcome != .ok {
            // Says what the partial index says, word for word, so that it is used.
            return .index(condition: "outcome <> 'ok' AND outcome = ?", value: .text(outcome.rawValue))
        }
        return along("action", query.action) ?? along("resource_type", query.resourceType) ?? .all
    }

    /// What every record must meet. As expressions these match no index, so that the planner takes the way that was chosen.
    private static func filter(of query: AuditQuery, _ dialect: SQLDialect) -> SQLFilter {
        var filter = SQLFilter()
        for (column, value) in [
            ("resource", query.resource), ("actor", query.actor), ("action", query.action), ("resource_type", query.resourceType),
            ("outcome", query.outcome?.rawValue),
        ] { filter.add("\(column) || '' = ?", .text(value)) }
        filter.add("time + 0 >= ?", .time(query.since))
        filter.add("time + 0 <= ?", .time(query.until))
        if let text = query.text, !text.isEmpty {
            filter.add("(" + columns.map { dialect.contains($0, "?") }.joined(separator: " OR ") + ")", .text(text))
        }
        return filter
    }

    // MARK: - Pages

    func page() throws -> AuditPage {
        let newest = try session.integer("SELECT max(sequence) FROM audit")
        var top = min(query.before ?? .max, newest == .max ? newest : newest + 1)
        var records: [AuditRecord] = []
        var bottom: Int64 = 0
        if let since = query.since {
            guard let first = try firstSequence("high_time >= $1", since) else { return AuditPage(records: [], next: nil) }
            bottom = first
        }
        if let until = query.until, let end = try firstSequence("high_time > $1", until) {
            records = try late(from: end, below: top)
            top = min(top, end)
        }
        guard top > bottom, records.count <= query.limit else { return cut(records, openBelow: nil) }
        let reached = try walk(from: top, to: bottom, into: &records)
        return cut(records, openBelow: reached > bottom ? reached : nil)
    }

    /// One record more than the page holds says that there are more.
    private func cut(_ records: [AuditRecord], openBelow: Int64?) -> AuditPage {
        guard records.count > query.limit else { return AuditPage(records: records, next: openBelow) }
        let page = Array(records.prefix(query.limit))
        return AuditPage(records: page, next: page.last?.sequence)
    }

    /// Past the sequence number from which on times are late, only records that are older than one before them can match.
    private func late(from end: Int64, below top: Int64) throws -> [AuditRecord] {
        var filter = filter
        // An expression, so that the small index of late records is taken and not the order of all.
        filter.add("sequence + 0 >= ?", .integer(end))
        filter.add("sequence + 0 < ?", .integer(top))
        filter.add("time < high_time")
        return try rows(filter, order: "sequence + 0", limit: query.limit + 1)
    }

    /// Goes down from `top`, until the page is full, `bottom` is reached, or the time is over.
    ///
    /// - Returns: the sequence number down to which everything was looked at.
    private func walk(from top: Int64, to bottom: Int64, into records: inout [AuditRecord]) throws -> Int64 {
        let clock = ContinuousClock()
        let start = clock.now
        let patience = query.patience ?? .seconds(1 << 40)
        var high = top
        var width = query.patience == nil ? Int64.max : Self.maxCandidates
        if case .text = way { (high, width) = (try unindexed(below: top, to: bottom, into: &records), width) }
        while high > bottom, records.count <= query.limit {
            let begun = clock.now
            var low = width < high - bottom ? high - width : bottom
            if query.patience != nil, let nearer = try candidate(from: low, below: high) { low = nearer }
            records += try window(from: low, below: high, limit: query.limit + 1 - records.count)
            high = low
            let now = clock.now
            if now - start > patience { break }
            if now - begun < patience / 10 {
                width = width.multipliedReportingOverflow(by: 4).overflow ? .max : width * 4
            } else if now - begun > patience / 3 {
                width = max(Self.maxCandidates / 8, width / 4)
            }
        }
        return high
    }

    /// Looks at the newest records, which the index of texts does not have yet.
    private func unindexed(below top: Int64, to bottom: Int64, into records: inout [AuditRecord]) throws -> Int64 {
        let through = try session.integer("SELECT max(through) FROM audit_text_progress")
        guard through + 1 < top else { return top }
        let low = max(bottom, through + 1, query.patience == nil ? 0 : top - 20 * Self.maxCandidates)
        guard low < top else { return top }
        var filter = filter
        filter.add("sequence >= ?", .integer(low))
        filter.add("sequence < ?", .integer(top))
        records += try rows(filter, limit: query.limit + 1 - records.count)
        return low
    }

    /// Where a window must begin in order to have as many candidates as it may look at; nil where it has fewer.
    private func candidate(from low: Int64, below high: Int64) throws -> Int64? {
        var filter = SQLFilter()
        let source: String
        switch way {
        case .all: return nil
        case .index(let condition, let value):
            source = "SELECT sequence AS n FROM audit"
            filter.add(condition, value)
            filter.add("sequence >= ?", .integer(low))
            filter.add("sequence < ?", .integer(high))
        case .text(let pattern):
            source = "SELECT rowid AS n FROM audit_text"
            filter.add(dialect.textIndex.condition("audit_text"), .text(pattern))
            filter.add("rowid >= ?", .integer(low))
            filter.add("rowid < ?", .integer(high))
        }
        return try session.first(
            "\(source) WHERE \(filter.condition) ORDER BY n DESC LIMIT 1 OFFSET \(Self.maxCandidates - 1)", filter.values
        ) { try $0.integer() }
    }

    private func window(from low: Int64, below high: Int64, limit: Int) throws -> [AuditRecord] {
        var filter = filter
        filter.add("sequence >= ?", .integer(low))
        filter.add("sequence < ?", .integer(high))
        switch way {
        case .all: break
        case .index(let condition, let value): filter.add(condition, value)
        case .text(let pattern):
            var inner = SQLFilter(after: filter)
            inner.add(dialect.textIndex.condition("audit_text"), .text(pattern))
            inner.add("rowid >= ?", .integer(low))
            inner.add("rowid < ?", .integer(high))
            filter.add("sequence IN (SELECT rowid FROM audit_text WHERE \(inner.condition))", inner)
        }
        return try rows(filter, limit: limit)
    }

    private func rows(_ filter: SQLFilter, order: String = "sequence", limit: Int) throws -> [AuditRecord] {
        try session.rows(
            """
            SELECT \(SQLTransaction.auditColumns) FROM audit WHERE \(filter.condition) ORDER BY \(order) DESC
            LIMIT $\(filter.values.count + 1)
            """, filter.values + [.integer(Int64(max(0, limit)))], SQLTransaction.auditRecord)
    }

    private func firstSequence(_ condition: String, _ time: Timestamp) throws -> Int64? {
        try session.first(
            "SELECT sequence FROM audit WHERE \(condition) ORDER BY high_time, sequence LIMIT 1", [.time(time)]
        ) { try $0.integer() }
    }
}

/// The parts of three characters that a text is made of, by which an index finds it.
struct TextParts {
    private let parts: [String]
    private static let maxCompared = 24
    private static let maxUsed = 4
    private static let sample = 256

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count >= 3, !scalars.contains("\0") else {
            parts = []
            return
        }
        var seen: Set<String> = []
        var parts: [String] = []
        for start in 0...(scalars.count - 3) where parts.count < Self.maxCompared {
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars[start..<(start + 3)])
            if seen.insert(String(part)).inserted { parts.append(String(part)) }
        }
        self.parts = parts
    }

    /// The few parts that the newest records have least often: a search costs as much as its rarest part is frequent, and
    /// every further one costs, too.
    func rarest(in session: any SQLSession, _ dialect: SQLDialect, of text: String) throws -> [String] {
        guard parts.count > Self.maxUsed else { return parts }
        let counts = parts.indices.map { "sum(CASE WHEN \(dialect.contains("t", "$\($0 + 1)")) THEN 1 ELSE 0 END)" }
            .joined(separator: ", ")
        let found = try session.first(
            "SELECT \(counts) FROM (SELECT \(text) AS t FROM audit ORDER BY sequence DESC LIMIT \(Self.sample)) AS newest",
            parts.map { .text($0) }
        ) { row in parts.map { _ in row.optionalInteger() ?? 0 } }
        let order = zip(parts, found ?? []).sorted { $0.1 < $1.1 }
        return order.prefix(Self.maxUsed).map(\.0)
    }
}

/// Conditions that must all hold, with their values.
struct SQLFilter {
    private var conditions: [String] = []
    private(set) var values: [SQLValue] = []
    /// Values that stand before these in the statement.
    private let offset: Int

    init() { offset = 0 }

    /// Conditions of an inner query, whose values follow those of the outer one.
    init(after outer: SQLFilter) { offset = outer.values.count }

    /// Adds a condition in which every `?` stands for the value; nothing for NULL.
    mutating func add(_ condition: String, _ value: SQLValue) {
        guard value != .null else { return }
        values.append(value)
        let place = "$\(offset + values.count)"
        conditions.append(condition.split(separator: "?", omittingEmptySubsequences: false).joined(separator: place))
    }

    /// Adds a condition without a value.
    mutating func add(_ condition: String) { conditions.append(condition) }

    /// Adds a condition with the inner query whose values it has.
    mutating func add(_ condition: String, _ inner: SQLFilter) {
        values += inner.values
        conditions.append(condition)
    }

    var condition: String { conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND ") }
}
