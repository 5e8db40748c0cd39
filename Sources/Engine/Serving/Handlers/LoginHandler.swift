internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Gives a client a key for a name and a password, and takes it back.
struct LoginHandler: SignInHandling {
    let recorder: any RequestRecording
    let authenticator: any RequestAuthenticating
    let resolver: RequestResolver
    let refusals: RefusedChanges
    /// nil where clients cannot sign in.
    let keys: IssuedKeys?

    /// The longest body that is read. Bytes.
    private static let maxBodyBytes = 16 << 10

    /// - Throws: `unauthenticated` for wrong credentials, whatever is wrong with them and wherever they are sent;
    ///   `repositoryNotFound` for callers who may not read the repository; what the keys throw.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse? {
        guard let step = try await step(of: request) else { return nil }
        if request.hasEncodedBody { throw SaveError.encodedBody }
        switch step {
        case .begin(let form): return try await begin(form, request)
        case .end(let key): return try await end(key, request)
        }
    }

    /// What a request wants with its credentials; nil for all that are about something else. Looks no repository up.
    ///
    /// - Throws: what the format says of a way of signing in that there is not.
    private func step(of request: HTTPRequest) async throws -> SignInStep? {
        guard keys != nil, !request.method.isRead, let format = format(of: request),
            let path = try? resolver.path(request.rawPath), path.segments.count > 3
        else { return nil }
        let asked = FormatRequest(
            method: request.method, path: path.dropping(3), contentType: request.headers["content-type"])
        return try await format.ask { try $0.signIn(asked) }
    }

    private func format(of request: HTTPRequest) -> IsolatedFormat<any ClientSigningIn.Type>? {
        guard let format = resolver.formats.place(of: request.rawPath)?.descriptor,
            let type = try? resolver.formats.type(format.id)
        else { return nil }
        return type.cast { $0 as? any ClientSigningIn.Type }
    }

    private func begin(_ form: SignInForm, _ request: HTTPRequest) async throws -> HTTPResponse {
        let (name, password) = try await credential(form, request)
        // A key that the client still has, and that may have ended, says nothing about the account that it asks for.
        let sender = try await authenticator.authenticate(request.presenting(name, password))
        let principal = sender.principal
        guard principal.name?.text == name else { throw SaveError.credentialsNotValid }
        recorder.noteSignIn(of: principal, request)
        let key = try await recorded("key.create", request, principal) { repository, keys in
            let agent = request.headers["user-agent"].map { $0.prefix { $0 != " " }.prefix(100) } ?? "a client"
            return try await keys.issue(
                "\(agent), signed in to \(repository.record.coordinates)", scopes: scopes(in: repository),
                for: sender, AuditContext(request, principal))
        }
        var answer = form.answer
        answer[form.keyMember] = .string(key)
        var response = HTTPResponse.json(201, .object(answer))
        response.headers.append("Cache-Control", "no-store")
        return response
    }

    private func end(_ key: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let principal = try await authenticator.authenticate(request).principal
        guard principal.name != nil else { throw SaveError.signInFirst }
        try await recorded("key.delete", request, principal) { _, keys in
            try await keys.end(key, AuditContext(request, principal))
        }
        return HTTPResponse(status: 204)
    }

    /// What a package manager needs, and no more: it manages nothing, and it reaches the project of its repository, and those
    /// of a group's members.
    private func scopes(in repository: Repository) -> [KeyScope] {
        let reached = [repository] + resolver.catalogue.snapshot.leaves(of: repository)
        return Set(reached.map(\.record.project)).sorted().map { KeyScope(resource: $0, permissions: [.read, .write, .delete]) }
    }

    /// Does it for a caller who may read the repository, and records a refusal.
    private func recorded<Value>(
        _ action: String, _ request: HTTPRequest, _ principal: Principal, _ body: (Repository, IssuedKeys) async throws -> Value
    ) async throws -> Value {
        do {
            let repository = try resolver.repository(of: request, principal)
            guard let keys else { throw SaveError.unsupported("signing in by this protocol") }
            return try await body(repository, keys)
        } catch let error as SaveError {
            await record(error, action, request, principal)
            throw error
        }
    }

    private func record(_ error: SaveError, _ action: String, _ request: HTTPRequest, _ principal: Principal) async {
        let event = AuditEvent(
            action, "key", principal.auditName, outcome: error.code == .forbidden ? .denied : .failed,
            details: ["error": .string(error.code.rawValue)])
        await refusals.record(event, AuditContext(request, principal), route: action)
    }

    private func credential(_ form: SignInForm, _ request: HTTPRequest) async throws -> (name: String, password: String) {
        let object: JSONObject
        do {
            guard let value = try JSONValue(parsing: await request.body.collect(limit: Self.maxBodyBytes)).object else {
                throw SaveError(.invalidRequest, "the body must be a JSON object")
            }
            object = value
        } catch let error as JSONError {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
        func text(_ member: String) throws -> String {
            guard let text = object[member]?.string, !text.isEmpty else {
                throw SaveError.invalid(member, "\(member): must be a text that is not empty")
            }
            return text
        }
        let name = try text(form.nameMember)
        if let wanted = form.name, !ASCII.isEqual(wanted, name) {
            throw SaveError.invalid(form.nameMember, "\(form.nameMember): the body names somebody else than the URL")
        }
        return (name, try text(form.passwordMember))
    }
}
