internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// One request to the API, matched to its route.
struct APICall: Sendable {
    let context: APIContext
    let route: APIRoute
    let request: HTTPRequest
    /// The caller, and what there is for it.
    var caller: Caller
    /// The values of the path's variables.
    let arguments: [String: String]
    var query = QueryItems()
    var body = JSONObject()
    /// The type the answer comes in, of those the route has.
    var representation = MediaType.json

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

    /// The same call, with the sender's account and the catalogue as they are now.
    ///
    /// - Throws: `unauthenticated` where the account or the credential is gone.
    func asOfNow() throws -> APICall {
        var call = self
        call.caller = try caller.asOfNow(context.clock.now())
        return call
    }

    /// Refuses what the caller may not do any more. Called inside the change's transaction: see `ChangeAuthority`.
    func confirm() throws {
        let call = try asOfNow()
        _ = try route.admit(call)
    }

    /// The event that this route's action is, as it went well.
    func event(_ resource: String, _ details: JSONObject = JSONObject()) -> AuditEvent {
        AuditEvent(route.action ?? "system.change", route.resourceType, resource, details: details)
    }

    /// Changes the database and the audit trail in one transaction, then makes the catalogue know.
    ///
    /// - Parameters:
    ///   - isDone: whether it tells of what was done already, which nobody can refuse any more.
    ///   - keys: the ids of the keys that it changes, where it changes nothing else that the catalogue knows.
    /// - Throws: what `body` throws, with `conflict` for a taken name, and what `confirm` throws; then nothing was changed.
    func change<Value: Sendable>(
        isDone: Bool = false, keys: (@Sendable (Value) -> [String])? = nil,
        _ body: @escaping @Sendable (any MetadataWriting, Timestamp) throws -> (Value, [AuditEvent])
    ) async throws -> Value {
        let now = context.clock.now()
        let audit = audit
        let value: Value
        do {
            value = try await context.store.write { writing in
                if !isDone { try confirm() }
                let (value, events) = try body(writing, now)
                for event in events { try writing.record(event, audit, at: now) }
                return value
            }
        } catch let error as SaveError where error.code == .alreadyExists {
            throw SaveError(.conflict, error.message, details: error.details, underlying: error)
        }
        try await refresh(keys: keys?(value))
        return value
    }

    /// Makes the catalogue know what was committed.
    ///
    /// - Throws: `ChangeNotVisible`; the change itself stands.
    func refresh(keys: [String]? = nil) async throws {
        do {
            try await caller.reloadCatalogue(keys: keys)
        } catch {
            throw ChangeNotVisible(cause: error)
        }
    }

    /// The answer to a change that leaves nothing to show.
    static let noContent = HTTPResponse(status: 204)
}

/// The change was committed, but this server does not see it yet.
struct ChangeNotVisible: Error {
    let cause: any Error
    var shown: SaveError {
        SaveError(.storageUnavailable, "the change is stored, but cannot be read back yet", underlying: cause)
    }
}
