internal import SavePlatform

/// Decides who may, on the object that the handler then gets: what was authorized is what is worked on.
struct Access<Resource: Sendable>: Sendable {
    let requirement: Requirement
    /// - Throws: `Denial`, or `notFound` and `repositoryNotFound` for what does not exist.
    let admit: @Sendable (APICall) throws -> Resource
}

extension Access where Resource == Void {
    static var signedIn: Self { Self(requirement: .signedIn) { _ in } }

    static var inspect: Self {
        Self(requirement: .inspect) { call in
            guard call.caller.mayInspect else { throw Denial.forbidden("only administrators and auditors may see this") }
        }
    }

    static var administer: Self {
        Self(requirement: .administer) { call in
            guard call.caller.mayAdminister else { throw Denial.forbidden("only administrators may do this") }
        }
    }
}

extension Access where Resource == ProjectRecord {
    static var seenProject: Self {
        Self(requirement: .seenProject) { try $0.caller.seenProject($0["project"]) }
    }

    static func project(_ permission: Permission) -> Self {
        Self(requirement: .project(permission)) { try $0.caller.project($0["project"], permission) }
    }
}

extension Access where Resource == Repository {
    static func repository(_ permission: Permission) -> Self {
        Self(requirement: .repository(permission)) {
            try $0.caller.repository(project: $0["project"], name: $0["name"], permission)
        }
    }
}

extension Access where Resource == RobotRecord {
    /// Reading a robot takes what changing it takes, except that auditors may.
    static func robot(changing: Bool) -> Self {
        Self(requirement: .robot) { try $0.caller.robot($0["name"], changing: changing) }
    }
}

extension Access where Resource == UserRecord {
    static var selfOrInspect: Self {
        Self(requirement: .selfOrInspect) { try $0.caller.user($0["username"]) }
    }

    static var administerUser: Self {
        Self(requirement: .administer) { call in
            let user = try call.caller.user(call["username"])
            guard call.caller.mayAdminister else { throw Denial.forbidden("only administrators may do this") }
            return user
        }
    }

    static var selfOrAdminister: Self {
        Self(requirement: .selfOrAdminister) { call in
            let user = try call.caller.user(call["username"])
            let isSelf = call.principal.name == .user(user.username) && call.principal.key == nil
            guard call.caller.mayAdminister || isSelf else {
                throw Denial.forbidden("only the user, signed in with the password, and administrators may do this")
            }
            return user
        }
    }
}

extension Denial {
    static func forbidden(_ reason: String) -> Denial { Denial(shown: SaveError(.forbidden, reason)) }
}
