internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// API keys: of robots, of the caller, and, to look at and to revoke, of any user.
enum KeyRoutes {
    private static let expiry = FieldRule(
        "expires_at", .time, nullable: true, "When it ends; null for never, where the server allows that.")

    private static let create = ObjectRule(
        name: "KeyCreate",
        fields: [
            FieldRule("description", .text(max: 4096), "What the key is for.", example: "Build machines"), expiry,
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

    private static let rotation = ObjectRule(
        name: "KeyRotate",
        fields: [
            FieldRule(
                "overlap_seconds", .integer(0...KeyRotation.maxOverlapSeconds),
                "How long the old secret still works; a day unless said. It never lasts longer than it would have."),
            FieldRule(
                "expires_at", .time, nullable: true,
                "When the new secret ends; unless said, after as long as the old one was made for."),
        ])

    static let all: [APIRoute] = robots + own + users

    private static let robots: [APIRoute] = [
        APIRoute(
            .get, "/robots/{name}/keys", .robot(changing: false), "The keys of a robot", query: APICall.paging, answer: "KeyList"
        ) { call, robot in try list(call, call.caller.keys(of: robot)) },
        APIRoute(.get, "/robots/{name}/keys/{id}", .robot(changing: false), "A key of a robot", answer: "Key") { call, robot in
            try show(call, call.caller.keys(of: robot))
        },
        APIRoute(
            .post, "/robots/{name}/keys", .robot(changing: true).withPassword, "Make a key for a robot; it is shown once",
            body: create,
            status: 201, answer: "NewKey", action: "key.create"
        ) { call, robot in try await issue(call, owner(robot), at: "/api/v1/robots/\(robot.name)/keys") },
        APIRoute(
            .post, "/robots/{name}/keys/{id}/rotate", .robot(changing: true).withPassword,
            "Give a robot a new secret in place of a key's, which still works for a while", body: rotation, status: 201,
            answer: "NewKey", failures: [.conflict], action: "key.rotate"
        ) { call, robot in try await rotate(call, owner(robot), at: "/api/v1/robots/\(robot.name)/keys") },
        APIRoute(
            .delete, "/robots/{name}/keys/{id}", .robot(changing: true), "Revoke a robot's key", status: 204,
            action: "key.delete"
        ) { call, robot in try await revoke(call, of: owner(robot)) },
    ]

    private static let own: [APIRoute] = [
        APIRoute(.get, "/user/keys", .signedIn, "The caller's own keys", query: APICall.paging, answer: "KeyList") { call, _ in
            try list(call, call.caller.keys)
        },
        APIRoute(.get, "/user/keys/{id}", .signedIn, "One of the caller's own keys", answer: "Key") { call, _ in
            try show(call, call.caller.keys)
        },
        APIRoute(
            .post, "/user/keys", .signedIn.withPassword, "Make a key of one's own; it is shown once",
            body: create, status: 201, answer: "NewKey", action: "key.create"
        ) { call, _ in try await issue(call, call.principal, at: "/api/v1/user/keys") },
        APIRoute(
            .post, "/user/keys/{id}/rotate", .signedIn.withPassword,
            "Get a new secret in place of one of one's own keys", body: rotation, status: 201,
            answer: "NewKey", failures: [.conflict], action: "key.rotate"
        ) { call, _ in try await rotate(call, call.principal, at: "/api/v1/user/keys") },
        APIRoute(
            .delete, "/user/keys/{id}", .signedIn, "Revoke one of one's own keys", status: 204, action: "key.delete"
        ) { call, _ in
            guard call.caller.isUnlimited else { throw Denial.forbidden("a key with scopes may not revoke keys") }
            return try await revoke(call, of: call.principal)
        },
    ]

    /// A key that was found on the street says by its id whose it is. Nobody makes keys in the name of another person.
    private static let users: [APIRoute] = [
        APIRoute(
            .get, "/users/{username}/keys", .selfOrInspect, "The keys of a user", query: APICall.paging, answer: "KeyList"
        ) { call, user in try list(call, call.caller.keys(of: user)) },
        APIRoute(.get, "/users/{username}/keys/{id}", .selfOrInspect, "A key of a user", answer: "Key") { call, user in
            try show(call, call.caller.keys(of: user))
        },
        APIRoute(
            .delete, "/users/{username}/keys/{id}", .administerUser, "Revoke a user's key", status: 204, action: "key.delete"
        ) { call, user in
            try await revoke(call, of: .user(id: user.id, username: user.username, role: user.role, key: nil))
        },
    ]

    private static func owner(_ robot: RobotRecord) -> Principal {
        .robot(id: robot.id, name: robot.name, project: robot.project, key: nil)
    }

    private static func list(_ call: APICall, _ keys: [KeyRecord]) throws -> HTTPResponse {
        try call.page(keys.sorted { $0.id < $1.id }, by: \.id) { shown($0, call) }
    }

    private static func show(_ call: APICall, _ keys: [KeyRecord]) throws -> HTTPResponse {
        guard let key = keys.first(where: { $0.id == call["id"] }) else { throw missing }
        return call.answer(shown(key, call))
    }

    private static func issue(_ call: APICall, _ owner: Principal, at path: String) async throws -> HTTPResponse {
        let name = try maker(owner)
        let now = call.context.clock.now()
        let expires = try KeyRotation.expiry(call.body, at: now, longest: call.context.maxKeyLifetime)
        let scopes = try (call.body["scopes"]?.array ?? []).enumerated().map { try scope($1, at: $0, of: owner, call) }
        let (text, key) = try APIKey.issue(
            for: name, description: call.body["description"]?.string ?? "", scopes: scopes, expires: expires, at: now,
            serverKey: call.context.serverKey)
        try await call.change(keys: { [key.id] }) { writing, _ in
            try writing.require(owner)
            try writing.put(key)
            var details = json(key)
            details["id"] = nil
            return ((), [call.event("\(name.text)/\(key.id)", details)])
        }
        return call.answer(shown(key, call, secret: text), location: "\(path)/\(key.id)")
    }

    private static func rotate(_ call: APICall, _ owner: Principal, at path: String) async throws -> HTTPResponse {
        let name = try maker(owner)
        let id = call["id"]
        let (text, key) = try await call.change(keys: { [id, $0.1.id] }) { writing, now in
            try writing.require(owner)
            guard let old = try writing.key(id), old.owner == name else { throw missing }
            let rotation = try KeyRotation(of: old, as: call.body, at: now, longest: call.context.maxKeyLifetime)
            let (text, key) = try APIKey.issue(
                for: name, description: old.description, scopes: old.scopes, expires: rotation.expires, at: now,
                serverKey: call.context.serverKey)
            try writing.put(rotation.old)
            try writing.put(key)
            let details: JSONObject = [
                "replaced_by": .string(key.id), "expires_at": JSONValue(key.expires),
                "old_expires_at": JSONValue(rotation.old.expires),
            ]
            return ((text, key), [call.event("\(name.text)/\(id)", details)])
        }
        return call.answer(shown(key, call, secret: text), location: "\(path)/\(key.id)")
    }

    private static func revoke(_ call: APICall, of owner: Principal) async throws -> HTTPResponse {
        let id = call["id"]
        guard let name = owner.name else { throw missing }
        try await call.change(keys: { [id] }) { writing, _ in
            try writing.require(owner)
            guard let key = try writing.key(id), key.owner == name, try writing.deleteKey(id) else { throw missing }
            return ((), [call.event("\(name.text)/\(id)", ["description": .string(key.description)])])
        }
        return APICall.noContent
    }

    private static let missing = SaveError(.notFound, "there is no such key: it may be revoked already")

    /// The account that a key is made for.
    private static func maker(_ owner: Principal) throws -> PrincipalName {
        guard let name = owner.name else { throw Denial.forbidden("there is no account that a key could be for") }
        return name
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

    private static func shown(_ key: KeyRecord, _ call: APICall, secret: String? = nil) -> JSONValue {
        var object = json(key)
        let use = call.context.keyUses[key.id]
        object["last_used_at"] = JSONValue(use?.time)
        object["last_used_from"] = JSONValue(use?.address)
        if let secret { object["key"] = .string(secret) }
        return .object(object)
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
