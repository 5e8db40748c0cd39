package import SavePlatform

/// Where the trail begins after its oldest records were removed.
package struct AuditTruncation: Sendable, Equatable {
    /// The last record that may be gone.
    package let sequence: Int64
    /// Its hash, from which the first record that is kept follows.
    package let hash: String

    package init(sequence: Int64, hash: String) {
        self.sequence = sequence
        self.hash = hash
    }
}

/// Removes records of a certain age, oldest first, so that what is kept still verifies.
///
/// The cut is a record itself, sealed under the server's key: rows that were deleted by hand have none.
package enum AuditRetention {
    static let action = "audit.cut"
    private static let stride = 500

    /// Cuts off what is older than some days, and removes it in pieces, so that nobody waits long for the writer.
    ///
    /// - Returns: how many records were removed.
    package static func apply(
        days: Int64, to store: any MetadataStore, _ seal: AuditSeal, at now: Timestamp
    ) async throws -> Int {
        let limit = now.adding(seconds: -days * 86_400)
        try await store.write { writing in
            guard let last = try writing.lastAudit(before: limit), last.sequence > (try writing.auditCut()?.sequence ?? 0)
            else { return }
            let cut = AuditTruncation(sequence: last.sequence, hash: last.hash)
            try writing.record(event(cut, days, seal), .system, at: now)
            try writing.cutAudit(cut)
        }
        var removed = 0
        while !Task.isCancelled {
            let count = try await store.write { try $0.removeCutAudit(limit: stride) }
            removed += count
            if count < stride { break }
        }
        return removed
    }

    private static func event(_ cut: AuditTruncation, _ days: Int64, _ seal: AuditSeal) -> AuditEvent {
        AuditEvent(
            action, "system", "audit",
            details: [
                "through": .integer(cut.sequence), "hash": .string(cut.hash), "older_than_days": .integer(days),
                "seal": .string(seal.of(text(cut))),
            ])
    }

    private static func text(_ cut: AuditTruncation) -> String { "cut \(cut.sequence) \(cut.hash)" }

    /// Whether a record tells of this very cut, in this server's hand.
    package static func tells(_ record: AuditRecord, of cut: AuditTruncation, _ seal: AuditSeal) -> Bool {
        record.action == action && seal.holds(record.details["seal"]?.string ?? "", for: text(cut))
    }
}
