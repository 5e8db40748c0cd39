internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Gives clients tokens for their credentials, or for none, where their protocol asks for them ("Token Authentication Specification" and "OAuth2 Token
/// Authentication" of the registries of images).
///
/// What a client asks for and may not do is left out: the answer to what it does with the token tells why.
struct TokenHandler: SignInHandling {
    let recorder: any RequestRecording
    let authenticator: any RequestAuthenticating
    let resolver: RequestResolver
    /// nil where clients get none.
    let tokens: AccessTokens?
    /// Answers requests about other credentials.
    let others: any SignInHandling

    /// Bytes of a form.
    private static let maxBodyBytes = 16 << 10
    /// Packages in one token.
    private static let maxScopes = 100

    /// - Throws: `unauthenticated` for wrong credentials and for a token; `methodNotAllowed`; `invalidRequest` for a form that is none.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse? {
        guard let place = resolver.formats.place(of: request.rawPath), let mount = place.descriptor.mount,
            mount.givesTokens(at: request.rawPath)
        else { return try await others.answer(request) }
        guard let tokens else { throw SaveError.nothingHere }
        let (asked, sender) = try await question(request)
        guard sender.grants == nil else {
            throw SaveError(
                .unauthenticated, "a token gives no other token: send a user name and a password or an API key, or nothing")
        }
        recorder.noteSignIn(of: sender.principal, request)
        let catalogue = resolver.catalogue.snapshot
        let grants = try self.grants(asked, below: mount, of: sender.principal, in: catalogue)
        let (text, end) = try tokens.issue(for: sender, TokenGrants(grants), in: catalogue)
        let scopes = grants.sorted { $0.key < $1.key }.map { "repository:\($0.key):\(Self.actions($0.value))" }
        var response = HTTPResponse.json(
            200,
            [
                "token": .string(text), "access_token": .string(text), "token_type": "Bearer",
                "expires_in": .integer(AccessTokens.lifetime),
                "issued_at": .string(end.adding(seconds: -AccessTokens.lifetime).rfc3339),
                "scope": .string(scopes.joined(separator: " ")),
            ])
        response.headers.append("Cache-Control", "no-store")
        return response
    }

    // MARK: Asked

    /// The scopes that are asked for, and the account that asks.
    private func question(_ request: HTTPRequest) async throws -> (scopes: [String], sender: Authentication) {
        if request.method.isRead {
            let query = try QueryItems(decoding: request.rawQuery)
            return (Self.scopes(query), try await authenticator.authenticate(request))
        }
        guard request.method == .post else {
            throw SaveError(
                .methodNotAllowed, "tokens are asked for with GET or POST", details: ["allow": "GET, HEAD, OPTIONS, POST"])
        }
        if request.hasEncodedBody { throw SaveError.encodedBody }
        let form = try QueryItems(decoding: try await request.body.collect(limit: Self.maxBodyBytes)[...])
        let presented: HTTPRequest
        switch form["grant_type"] {
        case "password":
            guard let name = form["username"], let password = form["password"] else {
                throw SaveError.invalid("username", "username: missing, or password: send both")
            }
            presented = request.presenting(name, password)
        // What clients keep as a token for ever is an API key here.
        case "refresh_token": presented = request.presenting(PresentedCredential.tokenName, form["refresh_token"] ?? "")
        default: throw SaveError.invalid("grant_type", "grant_type: must be password, or refresh_token with an API key")
        }
        return (Self.scopes(form), try await authenticator.authenticate(presented))
    }

    /// Several come in several items, or in one with spaces between.
    private static func scopes(_ items: QueryItems) -> [String] {
        items.all.filter { ASCII.isEqual($0.name, "scope") }.flatMap { item in
            item.value.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        }
    }

    // MARK: Granted

    /// What of some scopes somebody may do.
    ///
    /// - Throws: `invalidRequest` for too many.
    private func grants(
        _ scopes: [String], below mount: FormatMount, of principal: Principal, in catalogue: CatalogueSnapshot
    ) throws -> [String: Permissions] {
        guard scopes.count <= Self.maxScopes else {
            throw SaveError.invalid("scope", "scope: more than \(Self.maxScopes) at once: ask for several tokens")
        }
        var grants: [String: Permissions] = [:]
        for scope in scopes {
            guard let (name, wanted) = Self.read(scope), let repository = repository(of: name, below: mount, in: catalogue) else {
                continue
            }
            let granted = AccessPolicy.permissions(of: principal, on: repository, in: catalogue).intersection(wanted)
            // Nothing is done without reading.
            guard granted.contains(.read) else { continue }
            grants[name, default: []].formUnion(granted)
        }
        return grants
    }

    /// `repository:oci/backend/images/team/app:pull,push`, which may have a class behind its type; nil for a scope of another kind. Reading comes with it: a
    /// client that deletes looks first.
    private static func read(_ scope: String) -> (name: String, wanted: Permissions)? {
        guard let first = scope.utf8.firstIndex(of: UInt8(ascii: ":")), let last = scope.utf8.lastIndex(of: UInt8(ascii: ":")),
            first < last, scope.utf8[..<first].prefix(while: { $0 != UInt8(ascii: "(") }).elementsEqual("repository".utf8)
        else { return nil }
        let name = String(Substring(scope.utf8[first..<last].dropFirst()))
        var wanted: Permissions = .read
        for action in scope.utf8[last...].dropFirst().split(separator: UInt8(ascii: ",")) {
            switch String(Substring(action)) {
            case "push": wanted.insert(.write)
            case "delete": wanted.insert(.delete)
            case "*": wanted.formUnion([.write, .delete])
            default: break
            }
        }
        return (name, wanted)
    }

    /// The repository that a name is in, there or not.
    private func repository(of name: String, below mount: FormatMount, in catalogue: CatalogueSnapshot) -> Repository? {
        let path = Array("/\(mount.pingPath ?? mount.path)/\(name)".utf8)[...]
        guard let place = resolver.formats.place(of: path), place.isMounted, place.descriptor.mount == mount else { return nil }
        let names = place.rest.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
        guard names.count > 2, let found = catalogue.repository(project: names[0], name: names[1]),
            found.record.format == place.descriptor.id
        else { return nil }
        return found
    }

    private static func actions(_ permissions: Permissions) -> String {
        [(Permissions.read, "pull"), (.write, "push"), (.delete, "delete")].filter { permissions.contains($0.0) }.map(\.1)
            .joined(separator: ",")
    }
}
