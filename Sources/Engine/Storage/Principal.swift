package import SavePlatform

/// The sender of a request, once it is known.
package enum Principal: Sendable, Equatable {
    case anonymous
    case user(id: Int64, username: String, role: SystemRole, key: KeyContext?)
    case robot(id: Int64, name: String, project: Int64?, key: KeyContext?)
    /// The server itself, or an operator at its command line.
    case system

    /// The name that memberships and keys refer to; nil for nobody in particular.
    package var name: PrincipalName? {
        switch self {
        case .user(_, let username, _, _): .user(username)
        case .robot(_, let name, _, _): .robot(name)
        case .anonymous, .system: nil
        }
    }

    /// The name in the audit trail: `alice`, `sa$ci`, `anonymous`, `system`.
    package var auditName: String { name?.text ?? (self == .system ? "system" : "anonymous") }

    /// `user`, `robot`, `anonymous` or `system`.
    package var auditKind: String {
        switch self {
        case .anonymous: "anonymous"
        case .user: "user"
        case .robot: "robot"
        case .system: "system"
        }
    }

    /// The key it signed in with, if it was a key.
    package var key: KeyContext? {
        switch self {
        case .user(_, _, _, let key), .robot(_, _, _, let key): key
        case .anonymous, .system: nil
        }
    }
}

/// The key someone signed in with.
package struct KeyContext: Sendable, Equatable {
    package let id: String
    /// Empty for a key that may do all its owner may.
    package let scopes: [KeyScope]
    /// When the key ends, if it does.
    package let expires: Timestamp?
    package init(id: String, scopes: [KeyScope], expires: Timestamp? = nil) {
        self.id = id
        self.scopes = scopes
        self.expires = expires
    }
}

/// What a key is limited to: some permissions, on a project or a repository or everything.
package struct KeyScope: Sendable, Equatable, Codable {
    /// `project`, `project/repository`, or nil for everything its owner can reach.
    package var resource: String?
    package var permissions: [Permission]
    package init(resource: String?, permissions: [Permission]) {
        self.resource = resource
        self.permissions = permissions
    }
}

/// A user or a robot, by name: `alice`, `sa$ci`.
package struct PrincipalName: Sendable, Hashable, CustomStringConvertible {
    package let isRobot: Bool
    /// Without the `sa$` of a robot.
    package let name: String

    package static func user(_ name: String) -> PrincipalName { PrincipalName(isRobot: false, name: name) }
    package static func robot(_ name: String) -> PrincipalName { PrincipalName(isRobot: true, name: name) }

    /// As people write it.
    package var text: String { isRobot ? "sa$\(name)" : name }
    package var description: String { text }

    private init(isRobot: Bool, name: String) {
        self.isRobot = isRobot
        self.name = name
    }

    /// Reads `alice` or `sa$ci`; nil where the name is not one that an account can have.
    package init?(_ text: String) {
        if text.utf8.starts(with: "sa$".utf8) {
            let name = String(text.utf8.dropFirst(3)) ?? ""
            guard ResourceName.isValid(name) else { return nil }
            self.init(isRobot: true, name: name)
        } else {
            guard Self.isValidUsername(text) else { return nil }
            self.init(isRobot: false, name: text)
        }
    }

    /// `[A-Za-z0-9][A-Za-z0-9._@-]{0,253}` and not ending in a dot: no colon, which ends a Basic user name, and no `$`.
    package static func isValidUsername(_ text: String) -> Bool {
        guard let first = text.utf8.first, ASCII.isAlphanumeric(first), text.utf8.count <= 254, text.utf8.last != 46 else {
            return false
        }
        return text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || [46, 95, 64, 45].contains($0) }
    }
}

/// A user's role in the whole system.
package enum SystemRole: String, Sendable, Codable, CaseIterable {
    /// May do everything.
    case admin
    /// Reads everything, changes nothing.
    case auditor
    /// Has what memberships give.
    case user
}

/// A role in a project; each includes those before it.
package enum ProjectRole: String, Sendable, Codable, CaseIterable {
    /// Reads.
    case viewer
    /// Uploads.
    case developer
    /// Deletes, manages repositories and members.
    case owner

    /// What the role may do.
    package var permissions: Set<Permission> {
        switch self {
        case .viewer: [.read]
        case .developer: [.read, .write]
        case .owner: [.read, .write, .delete, .manage]
        }
    }
}

/// What can be done to a repository.
package enum Permission: String, Sendable, Codable, CaseIterable {
    case read, write, delete, manage
}
