internal import SavePlatform
package import SaveStorage

/// Checks that the trail is what was written: every record follows from the one before it, and every anchor is met.
package struct AuditVerifier: Sendable {
    private let store: any MetadataStore
    private let seal: AuditSeal
    private let anchors: @Sendable () async throws -> AuditAnchorLines?
    private static let stride = 1000

    /// - Parameter anchors: opens the file of anchors; nil where there is none.
    package init(
        store: any MetadataStore, seal: AuditSeal,
        anchors: @escaping @Sendable () async throws -> AuditAnchorLines? = { nil }
    ) {
        self.store = store
        self.seal = seal
        self.anchors = anchors
    }

    /// A walk that has not begun to move.
    package func begin() async throws -> ChainWalk {
        let lines = try await anchors()
        return try await store.read { [seal] in ChainWalk(from: try $0.auditCut(), anchors: lines, seal) }
    }

    /// The walk some records further. The hashing is done where the reading is, off the cooperative pool.
    package func advance(_ walk: ChainWalk) async throws -> ChainWalk {
        try await store.read { reading in
            var walk = walk
            walk.pass(try reading.audit(after: walk.position, limit: Self.stride))
            return walk
        }
    }

    /// Walks the whole chain, in memory that does not grow with it.
    ///
    /// - Parameter onProgress: called with the records that were passed and with all there are, as counted at the start; at the
    ///   start and after each piece of the walk.
    package func run(
        onProgress: @Sendable (_ passed: Int64, _ total: Int64) -> Void = { _, _ in }
    ) async throws -> ChainWalk.Result {
        var walk = try await begin()
        let last = try await store.read { try $0.lastAudit()?.sequence ?? 0 }
        let total = max(0, last - walk.position)
        onProgress(0, total)
        while !walk.isFinished {
            try Task.checkCancellation()
            walk = try await advance(walk)
            onProgress(walk.result.checked, total)
        }
        return walk.result
    }
}

/// One walk along the chain, from its first record that is kept to its last.
package struct ChainWalk: Sendable {
    /// What was found.
    package struct Result: Sendable, Equatable {
        /// Records that hold.
        package var checked: Int64 = 0
        /// Anchors that the trail meets.
        package var anchors: Int64 = 0
        /// The record before the first that is kept: 0, or where retention cut.
        package var cut: Int64 = 0
        /// The first sequence number where the trail is not what was written.
        package var brokenAt: Int64?
        /// What is wrong there; nil for a trail that holds.
        package var problem: String?
    }

    package private(set) var result = Result()
    package private(set) var isFinished = false
    /// The sequence number of the last record that was passed.
    package private(set) var position: Int64
    private var previous: String
    private let cut: AuditTruncation?
    private var isCutToldOf = false
    private var anchors: AuditAnchorLines?
    private var anchor: AuditAnchor?
    private let seal: AuditSeal

    init(from cut: AuditTruncation?, anchors: AuditAnchorLines?, _ seal: AuditSeal) {
        self.cut = cut
        self.anchors = anchors
        self.seal = seal
        position = cut?.sequence ?? 0
        previous = cut?.hash ?? AuditTrail.origin
        result.cut = position
        readAnchor()
    }

    /// Follows the chain through the next records; none means that it ends.
    mutating func pass(_ records: [AuditRecord]) {
        for record in records where !isFinished { pass(record) }
        if records.isEmpty, !isFinished { end() }
    }

    private mutating func pass(_ record: AuditRecord) {
        guard record.sequence == position + 1 else { return fail("a record is missing") }
        guard record.previousHash == previous else { return fail("it does not follow from the record before it") }
        guard record.hash == AuditTrail.hash(of: record) else { return fail("it was changed") }
        while let anchor, anchor.sequence <= record.sequence {
            // Anchors of records that retention removed say nothing any more.
            guard anchor.sequence < record.sequence || anchor.hash == record.hash else {
                return fail("the anchor of \(anchor.time.rfc3339) has another record here: the trail was rewritten")
            }
            if anchor.sequence == record.sequence { result.anchors += 1 }
            readAnchor()
            if isFinished { return }
        }
        if let cut, AuditRetention.tells(record, of: cut, seal) { isCutToldOf = true }
        position = record.sequence
        previous = record.hash
        result.checked += 1
    }

    private mutating func end() {
        if let anchor, anchor.sequence > position {
            return fail("the trail ends before it, but had \(anchor.sequence) records on \(anchor.time.rfc3339)")
        }
        if let cut, !isCutToldOf {
            return fail("no record tells that the trail was cut after \(cut.sequence)", at: cut.sequence + 1)
        }
        isFinished = true
    }

    private mutating func readAnchor() {
        anchor = nil
        guard let line = anchors?.next() else { return }
        let last = lastAnchor
        guard let next = AuditAnchor(line: line, seal) else {
            return fail("line \(anchors?.number ?? 0) of the anchors was not written by this server")
        }
        guard next.sequence >= last else {
            return fail("the anchors go back in line \(anchors?.number ?? 0): the trail was replaced by an older one")
        }
        lastAnchor = next.sequence
        anchor = next
    }

    private var lastAnchor: Int64 = 0

    private mutating func fail(_ problem: String, at sequence: Int64? = nil) {
        result.brokenAt = sequence ?? position + 1
        result.problem = problem
        isFinished = true
    }
}
