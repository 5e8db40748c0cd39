internal import SavePlatform

/// API keys, of robots and of the caller.
enum KeyRoutes {
    private static let create = ObjectRule(
        name: "KeyCreate",
        fields: [
            FieldRule("description", .text(max: 4096), "What the key is for.", example: "Build machines"),
            FieldRule("expires_at", .time, nullable: true, "When it ends; null for never."),
            FieldRule(
                "scopes",
                .list(
                    of: .record(
                        ObjectRule(
                            name: "KeyScope",
                            fields: [
                                FieldRule(
                                    "resource", .text(max: 129), nullable: true, "project or project/repository; null for all."),
                                FieldRule(
                                    "permissions", .list(of: .choice(Permission.allCases.map(\.rawValue)), sizes: 1...4),
                                    required: true, "What the key may do there."),
                            ])), max: 100),
                "What the key is limited to; without scopes it may do what its owner may."),
        ])

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/robots/{name}/keys", .robot(changing: false), "The keys of a robot", query: APICall.paging, answer: "KeyList"
        ) { call, robot in try list(call, call.caller.keys(of: robot)) },
        APIRoute(
            .post, "/robots/{name}/keys", .robot(changing: true), "Make a key for a robot; it is shown once", body: create,
            status: 201, answer: "NewKey", action: "key.create"
        ) { call, robot in
            let owner = Principal.robot(id: robot.id, name: robot.name, project: robot.project, key: nil)
            return try await issue(call, owner, at: "/api/v1/robots/\(robot.name)/keys")
        },
        APIRoute(
            .delete, "/robots/{name}/keys/{id}", .robot(changing: true), "Revoke a robot's key", status: 204,
            action: "key.delete"
        ) { call, robot in try await revoke(call, of: .robot(robot.name)) },
        APIRoute(.get, "/user/keys", .signedIn, "The caller's own keys", query: APICall.paging, answer: "KeyList") { call, _ in
            try list(call, call.caller.keys)
        },
        APIRoute(
            .post, "/user/keys", .signedIn, "Make a key of one's own, signed in with the password; it is shown once",
            body: create, status: 201, answer: "NewKey", action: "key.create"
        ) { call, _ in try await issue(call, call.principal, at: "/api/v1/user/keys") },
        APIRoute(
            .delete, "/user/keys/{id}", .signedIn, "Revoke one of one's own keys", status: 204, action: "key.delete"
        ) { call, _ in
            guard call.caller.isUnlimited else { throw Denial.forbidden("a key with scopes may not revoke keys") }
            return try await revoke(call, of: try owner(call))
        },
    ]

    private static func owner(_ call: APICall) throws -> PrincipalName {
        guard let name = call.principal.name else { throw SaveError(.notFound, "there is no account") }
        return name
    }

    private static func list(_ call: APICall, _ keys: [KeyRecord]) throws -> HTTPResponse {
        try call.page(keys.sorted { $0.id < $1.id }, by: \.id) { .object(json($0)) }
    }

    private static func issue(_ call: APICall, _ owner: Principal, at path: String) async throws -> HTTPResponse {
        // Whoever finds a key must not be able to make another that outlives it.
        guard call.principal.key == nil else { throw Denial.forbidden("keys are made with a password, not with a key") }
        guard let name = owner.name else { throw Denial.forbidden("there is no account that a key could be for") }
        let body = call.body
        let now = call.context.clock.now()
        let expires = body["expires_at"]?.string.flatMap { Timestamp(rfc3339: $0) }
        if let expires, expires <= now { throw SaveError.invalid("expires_at", "'expires_at' must be in the future") }
        let scopes = try (body["scopes"]?.array ?? []).enumerated().map { try scope($1, at: $0, of: owner, call) }
        let (text, key) = try APIKey.issue(
            for: name, description: body["description"]?.string ?? "", scopes: scopes, expires: expires, at: now,
            serverKey: call.context.serverKey)
        try await call.change { writing, _ in
            try writing.requireAccount(name)
            try writing.put(key)
            var details = json(key)
            details["id"] = nil
            return ((), [call.event("\(name.text)/\(key.id)", details)])
        }
        var shown = json(key)
        shown["key"] = .string(text)
        return call.answer(.object(shown), location: "\(path)/\(key.id)")
    }

    /// A scope never names what the key's owner may not do.
    private static func scope(_ value: JSONValue, at index: Int, of owner: Principal, _ call: APICall) throws -> KeyScope {
        let permissions = (value.object?["permissions"]?.array ?? []).compactMap { $0.string.flatMap(Permission.init) }
        let wanted = Permissions(permissions)
        guard !permissions.isEmpty else {
            throw SaveError.invalid("scopes[\(index)].permissions", "a scope has at least one permission")
        }
        let resource = value.object?["resource"]?.string
        guard call.caller.permissions(of: owner, on: resource).isSuperset(of: wanted) else {
            throw Denial.forbidden("scopes[\(index)] goes beyond what \(owner.auditName) may do")
        }
        return KeyScope(resource: resource, permissions: permissions)
    }

    private static func revoke(_ call: APICall, of owner: PrincipalName) async throws -> HTTPResponse {
        let id = call["id"]
        try await call.change { writing, _ in
            guard let key = try writing.key(id), key.owner == owner, try writing.deleteKey(id) else {
                throw SaveError(.notFound, "there is no such key")
            }
            return ((), [call.event("\(owner.text)/\(id)", ["description": .string(key.description)])])
        }
        return APICall.noContent
    }

    private static func json(_ key: KeyRecord) -> JSONObject {
        [
            "id": .string(key.id), "owner": .string(key.owner.text), "description": .string(key.description),
            "scopes": .array(key.scopes.map(scopeJSON)), "expires_at": JSONValue(key.expires),
            "created_at": .string(key.created.rfc3339),
        ]
    }

    static func scopeJSON(_ scope: KeyScope) -> JSONValue {
        ["resource": JSONValue(scope.resource), "permissions": .array(scope.permissions.map { .string($0.rawValue) })]
    }
}
