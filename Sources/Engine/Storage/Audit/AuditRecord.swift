package import SavePlatform

/// One line of the audit trail.
package struct AuditRecord: Sendable, Equatable {
    /// Rises by one from record to record.
    package var sequence: Int64
    package var time: Timestamp
    package var actor: String
    /// `user`, `robot`, `anonymous` or `system`.
    package var actorKind: String
    /// `repository.create`, `file.upload`, `auth.fail`, …
    package var action: String
    /// `repository`, `project`, `user`, `robot`, `key`, `file`, `package`, `member`, `system`, …
    package var resourceType: String
    /// `backend/pypi-proxy`
    package var resource: String
    package var outcome: Outcome
    package var sourceIP: String
    package var userAgent: String
    package var requestID: String
    /// What changed, from and to, without secrets.
    package var details: JSONObject
    /// SHA-256 over this record and `previousHash`, in hexadecimal.
    package var hash: String
    package var previousHash: String

    package enum Outcome: String, Sendable, CaseIterable { case ok, denied, failed }

    package init(
        sequence: Int64, time: Timestamp, actor: String, actorKind: String, action: String, resourceType: String,
        resource: String,
        outcome: Outcome, sourceIP: String, userAgent: String, requestID: String, details: JSONObject, hash: String,
        previousHash: String
    ) {
        self.sequence = sequence
        self.time = time
        self.actor = actor
        self.actorKind = actorKind
        self.action = action
        self.resourceType = resourceType
        self.resource = resource
        self.outcome = outcome
        self.sourceIP = sourceIP
        self.userAgent = userAgent
        self.requestID = requestID
        self.details = details
        self.hash = hash
        self.previousHash = previousHash
    }
}

/// Filters of an audit search; every one that is set must match.
package struct AuditQuery: Sendable, Equatable {
    package var resourceType: String?
    package var resource: String?
    package var actor: String?
    package var action: String?
    package var outcome: AuditRecord.Outcome?
    /// A substring, taken literally, of the actor, action, resource, source address, request id or details.
    package var text: String?
    package var since: Timestamp?
    package var until: Timestamp?
    /// Only records with a smaller sequence number.
    package var before: Int64?
    package var limit: Int
    /// How long a search may go on for a page that is not full; nil for as long as it takes.
    package var patience: Duration?

    package init(limit: Int = 100, patience: Duration? = nil) {
        self.limit = limit
        self.patience = patience
    }
}

/// A part of what a search finds.
package struct AuditPage: Sendable, Equatable {
    /// Newest first.
    package var records: [AuditRecord]
    /// The value of `before` that goes on from here; nil when there is no more. A page may have fewer records than its limit,
    /// even none, and there are more all the same.
    package var next: Int64?

    package init(records: [AuditRecord], next: Int64?) {
        self.records = records
        self.next = next
    }
}
