internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// People's accounts.
enum UserRoutes {
    private static let role = FieldRule(
        "role", .choice(SystemRole.allCases.map(\.rawValue)),
        "admin does everything, auditor reads everything, user has what memberships give.", example: "user")
    private static let disabled = FieldRule("disabled", .boolean, "Whether sign-ins are refused.")
    private static let password = FieldRule(
        "password", .secret(Accounts.passwordLength), required: true,
        "At least 8 characters, at most 1024 bytes; never read back.",
        example: "correct horse battery staple")

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/users", .inspect, "All users",
            query: [FieldRule("q", .text(max: 254), "A part of the name, literally.")] + APICall.paging, answer: "UserList"
        ) { call, _ in
            let users = call.caller.users.filter { contains($0.username, call.query["q"] ?? "") }
            return try call.page(users.sorted { $0.username < $1.username }, by: \.username, json)
        },
        APIRoute(
            .post, "/users", .administer.withPassword, "Create a user",
            body: ObjectRule(
                name: "UserCreate",
                fields: [
                    FieldRule("username", .form(.username), required: true, "How they sign in.", example: "alice"), password,
                    role,
                    disabled,
                ]),
            status: 201, answer: "User", failures: [.conflict], action: "user.create"
        ) { call, _ in
            let user = try await Accounts.createUser(
                call.body["username"]?.string ?? "", password: Array((call.body["password"]?.string ?? "").utf8),
                role: call.body["role"]?.string.flatMap(SystemRole.init) ?? .user,
                disabled: call.body["disabled"]?.bool ?? false, hasher: call.context.hasher, in: call.context.store,
                at: call.context.clock.now(), as: call.audit, confirm: call.confirm)
            try await call.refresh()
            return call.answer(json(user), etag: etag(user), location: "/api/v1/users/\(user.username)")
        },
        APIRoute(.get, "/users/{username}", .selfOrInspect, "A user", answer: "User") { call, user in
            call.answer(json(user), etag: etag(user))
        },
        APIRoute(
            .patch, "/users/{username}", .administerUser.withPassword, "Change a user's system role, or disable the account",
            body: ObjectRule(name: "UserUpdate", fields: [role, disabled]), answer: "User",
            failures: [.conflict, .preconditionFailed], action: "user.update"
        ) { call, user in
            let body = call.body
            let changed = try await call.change { writing, now in
                let current = try writing.current(user)
                var record = current
                try call.requireMatch(etag(record))
                let before = json(record)
                if let role = body["role"]?.string.flatMap(SystemRole.init) { record.role = role }
                if let flag = body["disabled"]?.bool { record.disabled = flag }
                try Accounts.checkAdministratorRemains(after: record, insteadOf: current, in: writing)
                record.updated = later(now, than: record.updated)
                record = try writing.put(record)
                return (record, [call.event(record.username, changes(from: before, to: json(record)))])
            }
            return call.answer(json(changed), etag: etag(changed))
        },
        APIRoute(
            .delete, "/users/{username}", .administerUser.withPassword, "Delete a user with keys and memberships", status: 204,
            failures: [.conflict, .preconditionFailed], action: "user.delete"
        ) { call, user in
            try await call.change { writing, _ in
                let record = try writing.current(user)
                try call.requireMatch(etag(record))
                try Accounts.checkAdministratorRemains(after: nil, insteadOf: record, in: writing)
                try writing.deleteUser(record.id)
                return ((), [call.event(record.username, ["role": .string(record.role.rawValue)])])
            }
            return APICall.noContent
        },
        APIRoute(
            .put, "/users/{username}/password", .selfOrAdminister.withPassword, "Set a user's password",
            body: ObjectRule(name: "PasswordPut", fields: [password]), status: 204, action: "user.password"
        ) { call, user in
            try await Accounts.setPassword(
                of: user.username, to: Array((call.body["password"]?.string ?? "").utf8), hasher: call.context.hasher,
                in: call.context.store, at: call.context.clock.now(), as: call.audit, confirm: call.confirm)
            try await call.refresh()
            return APICall.noContent
        },
    ]

    private static func etag(_ user: UserRecord) -> String { entityTag(user.id, user.updated) }

    private static func json(_ user: UserRecord) -> JSONValue {
        [
            "username": .string(user.username), "role": .string(user.role.rawValue), "disabled": .bool(user.disabled),
            "created_at": .string(user.created.rfc3339), "updated_at": .string(user.updated.rfc3339),
        ]
    }
}
