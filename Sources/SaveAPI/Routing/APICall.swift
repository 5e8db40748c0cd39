internal import SavePlatform

/// One request to the API, matched to its route.
struct APICall: Sendable {
    let context: APIContext
    let route: APIRoute
    let request: HTTPRequest
    /// Who asks, and what there is for them.
    var caller: Caller
    /// The values of the path's variables.
    let arguments: [String: String]
    var query = QueryItems()
    var body = JSONObject()

    /// The value of a variable of the path.
    subscript(variable: String) -> String { arguments[variable] ?? "" }

    var principal: Principal { caller.principal }

    var audit: AuditContext { AuditContext(request, principal) }

    /// The same call before what there is now, to show what it changed.
    var renewed: APICall {
        var call = self
        call.caller = caller.renewed
        return call
    }

    /// The event that this route's action is, as it went well.
    func event(_ resource: String, _ details: JSONObject = JSONObject()) -> AuditEvent {
        AuditEvent(route.action ?? "system.change", route.resourceType, resource, details: details)
    }

    /// Changes the database and the audit trail in one transaction, then makes the catalogue know.
    ///
    /// - Throws: what `body` throws, with `conflict` for a taken name; then nothing was changed.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (any MetadataWriting, Timestamp) throws -> (Value, [AuditEvent])
    ) async throws -> Value {
        let now = context.clock.now()
        let audit = audit
        let value: Value
        do {
            value = try await context.store.write { writing in
                let (value, events) = try body(writing, now)
                for event in events { try writing.record(event, audit, at: now) }
                return value
            }
        } catch let error as SaveError where error.code == .alreadyExists {
            throw SaveError(.conflict, error.message, details: error.details, underlying: error)
        }
        try await refresh()
        return value
    }

    /// Makes the catalogue know what was committed.
    ///
    /// - Throws: `ChangeNotVisible`; the change itself stands.
    func refresh() async throws {
        do {
            try await caller.reloadCatalogue()
        } catch {
            throw ChangeNotVisible(cause: error)
        }
    }

    /// The answer to a change that leaves nothing to show.
    static let noContent = HTTPResponse(status: 204)

    /// A resource with the tag that `If-Match` compares.
    func answer(_ value: JSONValue, etag: String? = nil, location: String? = nil) -> HTTPResponse {
        var response = HTTPResponse.json(route.status, value)
        if let etag { response.headers.append("ETag", etag) }
        if let location { response.headers.append("Location", location) }
        return response
    }

    /// Refuses a change to something that has changed since the client read it.
    ///
    /// - Throws: `preconditionFailed`.
    func requireMatch(_ etag: String) throws {
        guard let field = request.headers.bytes(of: "if-match") else { return }
        guard Preconditions.matches(field, etag) else {
            throw SaveError(.preconditionFailed, "it was changed since you read it")
        }
    }
}

/// The change was committed, but this server does not see it yet.
struct ChangeNotVisible: Error {
    let cause: any Error
    var shown: SaveError {
        SaveError(.storageUnavailable, "the change is stored, but cannot be read back yet", underlying: cause)
    }
}

/// The entity tag of a record: its id and when it changed.
func entityTag(_ id: Int64, _ updated: Timestamp) -> String { "\"\(id)-\(updated.microseconds)\"" }

/// A time later than an earlier one, so that two changes never have one tag.
func later(_ now: Timestamp, than earlier: Timestamp) -> Timestamp {
    now > earlier ? now : Timestamp(microseconds: earlier.microseconds &+ 1)
}
