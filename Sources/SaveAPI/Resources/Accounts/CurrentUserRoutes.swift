internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The caller itself: its name, its roles, what it may do.
enum CurrentUserRoutes {
    static let all: [APIRoute] = [
        APIRoute(.get, "/user", .signedIn, "Who the caller is and what it may do", answer: "CurrentUser") { call, _ in
            var role: JSONValue = .null
            if case .user(_, _, let system, _) = call.principal { role = .string(system.rawValue) }
            let projects: [JSONValue] = call.caller.projects.compactMap { project in
                let granted = call.caller.permissions(in: project)
                guard !granted.isEmpty else { return nil }
                let member = call.principal.name.flatMap { call.caller.role(of: $0, in: project) }
                return [
                    "project": .string(project.name), "role": JSONValue(member?.rawValue),
                    "permissions": .array(granted.names.map(JSONValue.string)),
                ]
            }
            let key: JSONValue =
                call.principal.key.map { key in
                    ["id": .string(key.id), "scopes": .array(key.scopes.map(KeyRoutes.scopeJSON))]
                } ?? .null
            return call.answer([
                "username": .string(call.principal.auditName), "kind": .string(call.principal.auditKind), "role": role,
                "key": key, "projects": .array(projects),
            ])
        }
    ]
}
