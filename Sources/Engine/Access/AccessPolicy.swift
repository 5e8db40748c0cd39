package import SaveStorage

/// What a principal may do: the one place that decides. Everything it needs is in its arguments.
package enum AccessPolicy {
    /// What was decided about a request.
    package enum Decision: Sendable, Equatable {
        case allowed
        /// Sign in first: 401. The same whether the resource exists or not.
        case unauthenticated
        /// Known to the caller, but not this: 403, with the reason.
        case forbidden(String)
        /// The caller may not know that it exists: answer as for what does not exist.
        case hidden
    }

    /// Whether someone may do something to a repository.
    package static func decide(
        _ permission: Permission, on repository: Repository, for principal: Principal, in catalogue: CatalogueSnapshot
    ) -> Decision {
        decide(permission, on: repository, for: principal, granted: permissions(of: principal, on: repository, in: catalogue))
    }

    /// The same, where the permissions are known already.
    package static func decide(
        _ permission: Permission, on repository: Repository, for principal: Principal, granted: Permissions
    ) -> Decision {
        if granted.contains(permission), granted.contains(.read) { return .allowed }
        if case .anonymous = principal { return .unauthenticated }
        guard granted.contains(.read) else { return .hidden }
        return .forbidden(
            "you may not \(verb(permission)) \(repository.record.coordinates): ask an owner of its project for a role, or use a key, that may"
        )
    }

    /// Whether someone sees the whole server: administrators and auditors, with a password or with a key that is not limited
    /// to some resource.
    package static func mayInspect(_ principal: Principal) -> Bool {
        switch principal {
        case .user(_, _, .admin, let key), .user(_, _, .auditor, let key):
            guard let key, !key.scopes.isEmpty else { return true }
            return key.scopes.contains { $0.resource == nil && $0.permissions.contains(.read) }
        case .system: return true
        case .anonymous, .user(_, _, .user, _), .robot: return false
        }
    }

    /// Whether someone changes the whole server: administrators, with a password or a key without scopes. No scope speaks of
    /// the whole server.
    package static func mayAdminister(_ principal: Principal) -> Bool {
        switch principal {
        case .user(_, _, .admin, let key): key?.scopes.isEmpty ?? true
        case .system: true
        case .anonymous, .user, .robot: false
        }
    }

    /// Whether someone changes who may what: accounts, their passwords, roles and memberships, and new keys. Never with a key:
    /// a thief of a key must not be able to make anything that signs in, or may do more, once the key is revoked.
    package static func mayChangeAccounts(_ principal: Principal) -> Bool {
        switch principal {
        case .user(_, _, _, let key), .robot(_, _, _, let key): key == nil
        case .system: true
        case .anonymous: false
        }
    }

    /// What someone may do to a repository, in all.
    ///
    /// A group can be read by callers that can read every one of its members, too: leaving out a member that the caller may not
    /// see would let a public package take the place of a private one.
    package static func permissions(
        of principal: Principal, on repository: Repository, in catalogue: CatalogueSnapshot
    ) -> Permissions {
        var granted = ownPermissions(of: principal, on: repository.record, in: catalogue)
        guard repository.record.kind == .group, granted.contains(.read) else { return granted }
        for member in members(of: repository, in: catalogue)
        where !ownPermissions(of: principal, on: member.record, in: catalogue).contains(.read) {
            granted.remove(.read)
            break
        }
        return granted
    }

    /// What someone may do in a project, apart from what single repositories add.
    package static func permissions(of principal: Principal, in project: ProjectRecord, catalogue: CatalogueSnapshot)
        -> Permissions
    {
        let granted = granted(to: principal, project: project.id, catalogue: catalogue)
        return limit(granted, by: principal.key, project: project.name, repository: nil)
    }

    private static func ownPermissions(
        of principal: Principal, on record: RepositoryRecord, in catalogue: CatalogueSnapshot
    ) -> Permissions {
        var granted = granted(to: principal, project: record.projectID, catalogue: catalogue)
        if record.anonymousRead { granted.insert(.read) }
        return limit(granted, by: principal.key, project: record.project, repository: record.name)
    }

    private static func granted(to principal: Principal, project: Int64, catalogue: CatalogueSnapshot) -> Permissions {
        switch principal {
        case .system, .user(_, _, .admin, _): return .all
        case .user(_, _, .auditor, _): return .read
        case .anonymous: return []
        case .robot(_, _, let own?, _) where own != project: return []
        case .user, .robot:
            guard let name = principal.name, let role = catalogue.role(of: name, in: project) else { return [] }
            return Permissions(role)
        }
    }

    /// A key never does more than its scopes say; without scopes it does what its owner does.
    private static func limit(_ granted: Permissions, by key: KeyContext?, project: String, repository: String?) -> Permissions {
        guard let key, !key.scopes.isEmpty else { return granted }
        var allowed: Permissions = []
        for scope in key.scopes {
            let covers =
                switch scope.resource {
                case nil: true
                case project?: true
                case let resource?: repository.map { resource == "\(project)/\($0)" } ?? false
                }
            if covers { allowed.formUnion(Permissions(scope.permissions)) }
        }
        return granted.intersection(allowed)
    }

    /// All repositories a group reaches, groups in groups included.
    private static func members(of group: Repository, in catalogue: CatalogueSnapshot) -> [Repository] {
        var found: [Repository] = []
        var seen: Set<Int64> = [group.record.id]
        var queue = catalogue.members(of: group)
        while let next = queue.popLast() {
            guard seen.insert(next.record.id).inserted else { continue }
            found.append(next)
            if next.record.kind == .group { queue += catalogue.members(of: next) }
        }
        return found
    }

    private static func verb(_ permission: Permission) -> String {
        switch permission {
        case .read: "read"
        case .write: "upload to"
        case .delete: "delete from"
        case .manage: "manage"
        }
    }
}

/// A set of permissions.
package struct Permissions: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let read = Permissions(rawValue: 1)
    package static let write = Permissions(rawValue: 2)
    package static let delete = Permissions(rawValue: 4)
    package static let manage = Permissions(rawValue: 8)
    package static let all: Permissions = [.read, .write, .delete, .manage]

    package init(_ permission: Permission) {
        switch permission {
        case .read: self = .read
        case .write: self = .write
        case .delete: self = .delete
        case .manage: self = .manage
        }
    }

    package init(_ permissions: some Sequence<Permission>) {
        self = permissions.reduce(into: []) { $0.formUnion(Permissions($1)) }
    }

    package init(_ role: ProjectRole) { self.init(role.permissions) }

    package func contains(_ permission: Permission) -> Bool { contains(Permissions(permission)) }

    /// The names of the permissions, as the REST API shows them.
    package var names: [String] { Permission.allCases.filter { contains($0) }.map(\.rawValue) }
}
