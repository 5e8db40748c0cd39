internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Decides who may, on the object that the handler then gets: what was authorized is what is worked on.
struct Access<Resource: Sendable>: Sendable {
    let requirement: Requirement
    /// Whether a key is not enough.
    var needsPassword = false
    /// - Throws: `Denial`, or `notFound` and `repositoryNotFound` for what does not exist.
    let admit: @Sendable (APICall) throws -> Resource
}

extension Access {
    /// The same, of a route that changes who may what: signed in with a password.
    var withPassword: Self {
        var access = Self(requirement: requirement) { call in
            let resource = try admit(call)
            guard call.caller.mayChangeAccounts else { throw Denial.needsPassword }
            return resource
        }
        access.needsPassword = true
        return access
    }
}

extension Access where Resource == Void {
    static var signedIn: Self { Self(requirement: .signedIn) { _ in } }

    static var advisoryService: Self {
        Self(requirement: .advisoryService) { call in
            guard call.context.advisoryService != .off else {
                throw SaveError(.notFound, "this server answers no questions about advisories: advisory_service is off")
            }
        }
    }

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

extension Access where Resource == PolicyRecord {
    /// Reading a policy takes what changing it takes, except that auditors may.
    static func policy(changing: Bool) -> Self {
        Self(requirement: .policy) { try $0.caller.policy($0["id"], changing: changing) }
    }
}

extension Access where Resource == WaiverRecord {
    static func waiver(_ use: Caller.WaiverUse) -> Self {
        Self(requirement: .waiver(use)) { try $0.caller.waiver($0["id"], use) }
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
            guard call.caller.mayAdminister || call.principal.name == .user(user.username) else {
                throw Denial.forbidden("only the user and administrators may do this")
            }
            return user
        }
    }
}

extension Denial {
    static let needsPassword = Denial.forbidden(
        "accounts, passwords, roles, memberships and keys are changed by callers that signed in with a password, not with a key")
    static func forbidden(_ reason: String) -> Denial { Denial(shown: SaveError(.forbidden, reason)) }
}
