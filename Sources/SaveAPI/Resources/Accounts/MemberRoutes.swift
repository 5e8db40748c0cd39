internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The members of a project, each with a role.
enum MemberRoutes {
    private static let put = ObjectRule(
        name: "MemberPut",
        fields: [
            FieldRule(
                "role", .choice(ProjectRole.allCases.map(\.rawValue)), required: true, "The role in the project.",
                example: "developer")
        ])

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/projects/{project}/members", .project(.read), "The members of a project", query: APICall.paging,
            answer: "MemberList"
        ) { call, project in
            let members = call.caller.members(of: project).sorted { $0.principal.text < $1.principal.text }
            return try call.page(members, by: \.principal.text) { json($0.principal, $0.role) }
        },
        APIRoute(
            .get, "/projects/{project}/members/{principal}", .project(.read), "The role of a user or robot", answer: "Member"
        ) { call, project in
            guard let name = PrincipalName(call["principal"]), let role = call.caller.role(of: name, in: project) else {
                throw SaveError(.notFound, "there is no such member")
            }
            return call.answer(json(name, role))
        },
        APIRoute(
            .put, "/projects/{project}/members/{principal}", .project(.manage).withPassword, "Give a user or robot a role",
            body: put,
            answer: "Member", failures: [.conflict, .preconditionFailed], action: "member.put"
        ) { call, project in
            let role = call.body["role"]?.string.flatMap(ProjectRole.init) ?? .viewer
            guard let name = PrincipalName(call["principal"]) else {
                throw SaveError.invalid("principal", "a member is a user name, or sa$ and the name of a robot")
            }
            try checkMayGrant(role, in: project, call)
            let record = MemberRecord(project: project.id, principal: name, role: role)
            try await call.change { writing, _ in
                _ = try writing.current(project)
                try checkExists(name, for: project, call, in: writing)
                let before = try writing.role(of: name, in: project)
                try checkMayGrant(before, in: project, call)
                try call.requireMatch(before.map { entityTag(of: json(name, $0)) })
                try writing.put(record)
                let details: JSONObject = ["role": ["from": JSONValue(before?.rawValue), "to": .string(role.rawValue)]]
                return ((), [call.event("\(project.name)/\(name.text)", details)])
            }
            let shown = json(name, role)
            return call.answer(shown, etag: entityTag(of: shown))
        },
        APIRoute(
            .delete, "/projects/{project}/members/{principal}", .project(.manage).withPassword, "Take a role away", status: 204,
            failures: [.preconditionFailed], action: "member.delete"
        ) { call, project in
            let missing = SaveError(.notFound, "there is no such member")
            guard let name = PrincipalName(call["principal"]) else { throw missing }
            try await call.change { writing, _ in
                guard let before = try writing.role(of: name, in: project) else { throw missing }
                try checkMayGrant(before, in: project, call)
                try call.requireMatch(entityTag(of: json(name, before)))
                guard try writing.deleteMember(project: project.id, name) else { throw missing }
                return (
                    (), [call.event("\(project.name)/\(name.text)", ["role": ["from": .string(before.rawValue), "to": nil]])]
                )
            }
            return APICall.noContent
        },
    ]

    /// Nobody gives or takes a role that may do more than they may themselves: a key that may only manage must not make
    /// an owner of another account.
    private static func checkMayGrant(_ role: ProjectRole?, in project: ProjectRecord, _ call: APICall) throws {
        guard let role, !call.caller.permissions(in: project).isSuperset(of: Permissions(role)) else { return }
        throw Denial.forbidden("you may not give or take the role \(role.rawValue): it may do more than you may")
    }

    private static func checkExists(
        _ name: PrincipalName, for project: ProjectRecord, _ call: APICall, in reading: any AccountReading
    ) throws {
        try reading.requireAccount(name)
        let home = try reading.homeProject(of: name)
        guard home == nil || home == project.id else {
            // To everybody but those who manage it, the robot of another project is one that does not exist.
            _ = try call.caller.robot(name.name, changing: false)
            throw SaveError(.conflict, "the robot belongs to another project")
        }
    }

    private static func json(_ principal: PrincipalName, _ role: ProjectRole) -> JSONValue {
        ["principal": .string(principal.text), "role": .string(role.rawValue)]
    }
}
