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
            guard call.mayInspect else { throw Denial.forbidden("only administrators and auditors may see this") }
        }
    }

    static var administer: Self {
        Self(requirement: .administer) { call in
            guard call.mayAdminister else { throw Denial.forbidden("only administrators may do this") }
        }
    }
}

extension Access where Resource == ProjectRecord {
    static func project(_ permission: Permission) -> Self {
        Self(requirement: .project(permission)) { try $0.project($0["project"], permission) }
    }
}

extension Access where Resource == Repository {
    static func repository(_ permission: Permission) -> Self {
        Self(requirement: .repository(permission)) { call in
            let missing = SaveError(.repositoryNotFound, "there is no such repository")
            guard let repository = call.catalogue.repository(project: call["project"], name: call["name"]) else { throw missing }
            switch AccessPolicy.decide(permission, on: repository, for: call.principal, in: call.catalogue) {
            case .allowed: return repository
            case .forbidden(let reason): throw Denial.forbidden(reason)
            case .hidden, .unauthenticated: throw Denial(shown: missing)
            }
        }
    }
}

extension Access where Resource == RobotRecord {
    /// Reading a robot takes what changing it takes, except that auditors may.
    static func robot(changing: Bool) -> Self {
        Self(requirement: .robot) { call in
            let missing = SaveError(.notFound, "there is no such robot")
            guard let robot = call.catalogue.robots[call["name"]] else { throw missing }
            if call.manages(robot) { return robot }
            guard call.mayInspect else { throw Denial(shown: missing) }
            guard !changing else { throw Denial.forbidden("only administrators may do this") }
            return robot
        }
    }
}

extension Access where Resource == UserRecord {
    static var selfOrInspect: Self {
        Self(requirement: .selfOrInspect) { try $0.user(visible: $0.mayInspect) }
    }

    static var administerUser: Self {
        Self(requirement: .administer) { call in
            let user = try call.user(visible: call.mayInspect)
            guard call.mayAdminister else { throw Denial.forbidden("only administrators may do this") }
            return user
        }
    }

    static var selfOrAdminister: Self {
        Self(requirement: .selfOrAdminister) { call in
            let user = try call.user(visible: call.mayInspect)
            guard call.mayAdminister || (call.principal.name == .user(user.username) && call.principal.key == nil) else {
                throw Denial.forbidden("only the user, signed in with the password, and administrators may do this")
            }
            return user
        }
    }
}

extension Denial {
    static func forbidden(_ reason: String) -> Denial { Denial(shown: SaveError(.forbidden, reason)) }
}

// MARK: - What a caller may

extension APICall {
    /// Sees everything: administrators and auditors, with a password or a key that is not limited to some resource.
    var mayInspect: Bool {
        switch principal {
        case .user(_, _, .admin, let key), .user(_, _, .auditor, let key):
            guard let key, !key.scopes.isEmpty else { return true }
            return key.scopes.contains { $0.resource == nil && $0.permissions.contains(.read) }
        case .system: return true
        default: return false
        }
    }

    /// Changes everything: administrators, with a password or a key without scopes. No scope speaks of the whole server.
    var mayAdminister: Bool {
        switch principal {
        case .user(_, _, .admin, let key): key?.scopes.isEmpty ?? true
        case .system: true
        default: false
        }
    }

    /// Speaks for its whole account: not with a key that is limited to a part of it.
    var isUnlimited: Bool { principal.key?.scopes.isEmpty ?? true }

    func permissions(in project: ProjectRecord) -> Permissions {
        AccessPolicy.permissions(of: principal, in: project, catalogue: catalogue)
    }

    func mayRead(_ repository: Repository) -> Bool {
        AccessPolicy.decide(.read, on: repository, for: principal, in: catalogue) == .allowed
    }

    /// A project can be seen by who can read it, or any repository in it.
    func maySee(_ project: ProjectRecord) -> Bool {
        permissions(in: project).contains(.read)
            || catalogue.repositories.contains { $0.record.projectID == project.id && mayRead($0) }
    }

    func manages(_ robot: RobotRecord) -> Bool {
        if mayAdminister { return true }
        guard let project = catalogue.projects.first(where: { $0.id == robot.project }) else { return false }
        return permissions(in: project).contains(.manage)
    }

    /// A project by name, if the caller may do something in it.
    ///
    /// - Throws: `notFound` where there is none or the caller may not know, `Denial` where the caller may not.
    func project(_ name: String, _ permission: Permission) throws -> ProjectRecord {
        let missing = SaveError(.notFound, "there is no such project")
        guard let project = catalogue.project(name) else { throw missing }
        let granted = permissions(in: project)
        if granted.contains(permission) { return project }
        guard maySee(project) else { throw Denial(shown: missing) }
        if permission == .read { return project }
        throw Denial.forbidden("you may not \(permission.rawValue) the project \(project.name)")
    }

    /// The user of the path: oneself, or anyone for who may see all.
    fileprivate func user(visible: Bool) throws -> UserRecord {
        let missing = SaveError(.notFound, "there is no such user")
        guard visible || principal.name == .user(self["username"]) else { throw Denial(shown: missing) }
        guard let user = catalogue.users[self["username"]] else { throw missing }
        return user
    }
}
