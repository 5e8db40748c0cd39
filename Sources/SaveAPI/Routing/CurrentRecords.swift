internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Records as they are inside a change's transaction, found by what was authorized: it may have changed since, or be gone.
extension CatalogueReading {
    /// - Throws: `notFound`.
    func current(_ project: ProjectRecord) throws -> ProjectRecord {
        guard let record = try projects().first(where: { $0.id == project.id }) else {
            throw SaveError(.notFound, "there is no such project")
        }
        return record
    }

    /// - Throws: `repositoryNotFound`.
    func current(_ repository: Repository) throws -> RepositoryRecord {
        guard let record = try repositories().first(where: { $0.id == repository.record.id }) else {
            throw SaveError.noSuchRepository
        }
        return record
    }

    /// - Throws: `notFound`.
    func current(_ policy: PolicyRecord) throws -> PolicyRecord {
        guard let record = try policies().first(where: { $0.id == policy.id }) else {
            throw SaveError(.notFound, "there is no such policy")
        }
        return record
    }

    func hasRepositories(_ project: ProjectRecord) throws -> Bool {
        try repositories().contains { $0.projectID == project.id }
    }

    func role(of name: PrincipalName, in project: ProjectRecord) throws -> ProjectRole? {
        try members().first { $0.project == project.id && $0.principal == name }?.role
    }

    /// The groups that a repository is a direct member of.
    func groups(with member: RepositoryRecord) throws -> [RepositoryRecord] {
        try repositories().filter { $0.group.members.contains(member.id) }
    }

    /// The groups that reach a repository, by whatever way, without itself.
    func groups(reaching id: Int64) throws -> [RepositoryRecord] {
        try repositories().filter { try $0.kind == .group && $0.id != id && reach(of: [$0.id]).contains(id) }
    }

    /// What each repository is.
    func kinds() throws -> [Int64: RepositoryKind] {
        Dictionary(try repositories().map { ($0.id, $0.kind) }) { first, _ in first }
    }

    /// Everything that some repositories reach through groups, themselves included.
    func reach(of start: [Int64]) throws -> Set<Int64> {
        let members = Dictionary(try repositories().map { ($0.id, $0.group.members) }) { first, _ in first }
        var found: Set<Int64> = []
        var queue = start
        while let next = queue.popLast() {
            if found.insert(next).inserted { queue += members[next] ?? [] }
        }
        return found
    }
}

extension WaiverReading {
    /// - Throws: `notFound`.
    func current(_ waiver: WaiverRecord) throws -> WaiverRecord {
        guard let record = try waivers().first(where: { $0.id == waiver.id }) else {
            throw SaveError(.notFound, "there is no such waiver")
        }
        return record
    }
}

extension AccountReading {
    /// - Throws: `notFound`.
    func current(_ user: UserRecord) throws -> UserRecord {
        guard let record = try self.user(user.username), record.id == user.id else {
            throw SaveError(.notFound, "there is no such user")
        }
        return record
    }

    /// - Throws: `notFound`.
    func current(_ robot: RobotRecord) throws -> RobotRecord {
        guard let record = try self.robot(robot.name), record.id == robot.id else {
            throw SaveError(.notFound, "there is no such robot")
        }
        return record
    }

    func hasRobots(_ project: ProjectRecord) throws -> Bool { try robots().contains { $0.project == project.id } }

    /// Refuses what was decided for an account that is gone, also where another one has its name now. Reads one row: making a key
    /// takes the same time however many accounts there are.
    ///
    /// - Throws: `notFound`.
    func require(_ account: Principal) throws {
        let isThere =
            switch account {
            case .user(let id, let username, _, _): try user(username)?.id == id
            case .robot(let id, let name, _, _): try robot(name)?.id == id
            case .anonymous, .system: false
            }
        guard isThere else { throw SaveError(.notFound, "there is no such account") }
    }

    /// Refuses to give something to an account that is not there.
    ///
    /// - Throws: `notFound`.
    func requireAccount(_ name: PrincipalName) throws {
        guard name.isRobot else {
            _ = try Accounts.user(name.name, in: self)
            return
        }
        guard try robot(name.name) != nil else { throw SaveError(.notFound, "there is no such robot") }
    }

    /// The project that a robot belongs to and cannot leave; nil for global robots and for users.
    func homeProject(of name: PrincipalName) throws -> Int64? {
        guard name.isRobot else { return nil }
        return try robot(name.name)?.project
    }
}
