internal import SaveDigest
package import SaveHTTP
package import SavePlatform

/// Something that happened, or was refused, as the code that did it says it.
package struct AuditEvent: Sendable {
    package var action: String
    package var resourceType: String
    package var resource: String
    package var outcome: AuditRecord.Outcome
    package var details: JSONObject

    package init(
        _ action: String, _ resourceType: String, _ resource: String, outcome: AuditRecord.Outcome = .ok,
        details: JSONObject = JSONObject()
    ) {
        self.action = action
        self.resourceType = resourceType
        self.resource = resource
        self.outcome = outcome
        self.details = details
    }
}

/// The actor, and where it acted from: the same for all events of a request.
package struct AuditContext: Sendable {
    package var principal: Principal
    package var sourceIP: String
    package var userAgent: String
    package var requestID: String

    package init(principal: Principal, sourceIP: String = "", userAgent: String = "", requestID: String = "") {
        self.principal = principal
        self.sourceIP = sourceIP
        self.userAgent = userAgent
        self.requestID = requestID
    }

    /// The context of a request.
    package init(_ request: HTTPRequest, _ principal: Principal) {
        self.init(
            principal: principal, sourceIP: request.client.description, userAgent: request.headers["user-agent"] ?? "",
            requestID: request.id.description)
    }

    /// What the server does by itself, or an operator at its command line.
    package static let system = AuditContext(principal: .system)
}

/// Where events are recorded that no change waits for.
package protocol AuditRecording: Sendable {
    /// Records an event by itself; what cannot be written is counted as lost.
    func record(_ event: AuditEvent, _ context: AuditContext) async
}

extension MetadataWriting {
    /// Adds an event to the audit trail, in the transaction of the change it tells of.
    package func record(_ event: AuditEvent, _ context: AuditContext, at time: Timestamp) throws {
        let record = AuditRecord(
            sequence: 0, time: time, actor: context.principal.auditName,
            actorKind: context.principal.auditKind,
            action: event.action, resourceType: event.resourceType, resource: AuditTrail.bounded(event.resource),
            outcome: event.outcome,
            sourceIP: context.sourceIP, userAgent: AuditTrail.bounded(context.userAgent), requestID: context.requestID,
            details: AuditTrail.bounded(event.details), hash: "", previousHash: "")
        try chain(record)
    }
}

extension AuditWriting where Self: AuditReading {
    /// For stores with one writer: the record has its place at once.
    package func chain(_ record: AuditRecord) throws { try append(record.following(try lastAudit())) }
}

extension AuditRecord {
    /// The record with its place behind the last one of a trail; nil for the first.
    package func following(_ last: AuditRecord?) -> AuditRecord {
        var record = self
        record.sequence = (last?.sequence ?? 0) + 1
        record.previousHash = last?.hash ?? AuditTrail.origin
        record.hash = AuditTrail.hash(of: record)
        return record
    }
}

/// The chain of hashes through the audit trail.
package enum AuditTrail {
    /// The previous hash of the first record.
    package static let origin = String(repeating: "0", count: 64)

    /// SHA-256 over all fields but the hash itself, as a JSON array, the previous hash first.
    package static func hash(of record: AuditRecord) -> String {
        let fields: JSONValue = [
            .string(record.previousHash), .integer(record.sequence), .integer(record.time.microseconds), .string(record.actor),
            .string(record.actorKind), .string(record.action), .string(record.resourceType), .string(record.resource),
            .string(record.outcome.rawValue), .string(record.sourceIP), .string(record.userAgent), .string(record.requestID),
            .object(record.details),
        ]
        return Digest.hex(fields.bytes)
    }

    /// Details that a record can hold: whole, or with long texts cut, or only the mark that there were too many.
    package static func bounded(_ details: JSONObject) -> JSONObject {
        guard JSONValue.object(details).bytes.count > 16 << 10 else { return details }
        let shorter = cut(.object(details)).object ?? JSONObject()
        return JSONValue.object(shorter).bytes.count > 64 << 10 ? ["cut": "…"] : shorter
    }

    private static func cut(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(bounded(text, limit: 256))
        case .array(let values): .array(values.map(cut))
        case .object(let object): .object(JSONObject(object.members.map { (bounded($0.key, limit: 256), cut($0.value)) }))
        default: value
        }
    }

    /// Text from outside, cut to a length that a record can hold, with a mark where it was cut.
    package static func bounded(_ text: String, limit: Int = 1024) -> String {
        guard text.utf8.count > limit else { return text }
        return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
    }
}
