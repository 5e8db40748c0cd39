/// One line of the audit trail.
public struct AuditRecord: Sendable, Equatable {
    /// Rises by one from record to record.
    public var sequence: Int64
    public var time: Timestamp
    public var actor: String
    /// `user`, `robot`, `anonymous` or `system`.
    public var actorKind: String
    /// `repository.create`, `file.upload`, `auth.fail`, …
    public var action: String
    /// `repository`, `project`, `user`, `robot`, `key`, `file`, `package`, `member`, `system`, …
    public var resourceType: String
    /// `backend/pypi-proxy`
    public var resource: String
    public var outcome: Outcome
    public var sourceIP: String
    public var userAgent: String
    public var requestID: String
    /// What changed, from and to, without secrets.
    public var details: JSONObject
    /// SHA-256 over this record and `previousHash`, in hexadecimal.
    public var hash: String
    public var previousHash: String

    public enum Outcome: String, Sendable, CaseIterable { case ok, denied, failed }

    public init(
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
public struct AuditQuery: Sendable, Equatable {
    public var resourceType: String?
    public var resource: String?
    public var actor: String?
    public var action: String?
    public var outcome: AuditRecord.Outcome?
    /// A substring, taken literally, of the actor, action, resource, source address, request id or details.
    public var text: String?
    public var since: Timestamp?
    public var until: Timestamp?
    /// Only records with a smaller sequence number.
    public var before: Int64?
    public var limit: Int
    /// How long a search may go on for a page that is not full; nil for as long as it takes.
    public var patience: Duration?

    public init(limit: Int = 100, patience: Duration? = nil) {
        self.limit = limit
        self.patience = patience
    }
}

/// A part of what a search finds.
public struct AuditPage: Sendable, Equatable {
    /// Newest first.
    public var records: [AuditRecord]
    /// The value of `before` that goes on from here; nil when there is no more. A page may have fewer records than its limit,
    /// even none, and there are more all the same.
    public var next: Int64?

    public init(records: [AuditRecord], next: Int64?) {
        self.records = records
        self.next = next
    }
}
