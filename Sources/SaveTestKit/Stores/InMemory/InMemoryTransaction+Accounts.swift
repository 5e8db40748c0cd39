internal import SavePlatform
internal import SaveStorage
extension InMemoryTransaction {
    func users() -> [UserRecord] { tables.users.values.sorted { $0.username.precedes($1.username) } }
    func robots() -> [RobotRecord] { tables.robots.values.sorted { $0.name.precedes($1.name) } }
    func user(_ username: String) -> UserRecord? {
        tables.users.values.first { $0.username.utf8.elementsEqual(username.utf8) }
    }

    func robot(_ name: String) -> RobotRecord? {
        tables.robots.values.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    func key(_ id: String) -> KeyRecord? { tables.keys[id] }

    func keys() -> [KeyRecord] {
        tables.keys.values.sorted { left, right in
            if left.owner != right.owner { return left.owner.text.precedes(right.owner.text) }
            return left.created == right.created ? left.id.precedes(right.id) : left.created < right.created
        }
    }

    func put(_ user: UserRecord) throws -> UserRecord {
        var user = user
        if tables.users.values.contains(where: { $0.username == user.username && $0.id != user.id }) { throw Self.taken }
        if user.id == 0 {
            user.id = newID()
        } else {
            try refuseRenaming(tables.users[user.id]?.username, to: user.username)
        }
        tables.users[user.id] = user
        return user
    }

    func deleteUser(_ id: Int64) {
        guard let user = tables.users.removeValue(forKey: id) else { return }
        forget(.user(user.username))
        tables.sessions = tables.sessions.filter { !$0.value.username.utf8.elementsEqual(user.username.utf8) }
    }

    func put(_ robot: RobotRecord) throws -> RobotRecord {
        var robot = robot
        if tables.robots.values.contains(where: { $0.name == robot.name && $0.id != robot.id }) { throw Self.taken }
        if let project = robot.project, tables.projects[project] == nil { throw Self.unrelated }
        if robot.id == 0 {
            robot.id = newID()
        } else {
            try refuseRenaming(tables.robots[robot.id]?.name, to: robot.name)
        }
        tables.robots[robot.id] = robot
        return robot
    }

    func deleteRobot(_ id: Int64) {
        if let robot = tables.robots.removeValue(forKey: id) { forget(.robot(robot.name)) }
    }

    func put(_ key: KeyRecord) { tables.keys[key.id] = key }

    func deleteKey(_ id: String) -> Bool {
        tables.keyUses[id] = nil
        return tables.keys.removeValue(forKey: id) != nil
    }

    func keyUses() -> [KeyUse] { tables.keyUses.values.sorted { $0.key.precedes($1.key) } }

    func put(_ use: KeyUse) -> Bool {
        guard tables.keys[use.key] != nil else { return false }
        tables.keyUses[use.key] = use
        return true
    }

    func session(_ id: String) -> SessionRecord? { tables.sessions[id] }

    func sessions(of username: String) -> [SessionRecord] {
        tables.sessions.values.filter { $0.username.utf8.elementsEqual(username.utf8) }.sorted { left, right in
            left.created == right.created ? left.id.precedes(right.id) : left.created < right.created
        }
    }

    func put(_ session: SessionRecord) { tables.sessions[session.id] = session }
    func deleteSession(_ id: String) -> Bool { tables.sessions.removeValue(forKey: id) != nil }

    func deleteSessions(usedBefore used: Timestamp, createdBefore created: Timestamp) {
        tables.sessions = tables.sessions.filter { $0.value.used >= used && $0.value.created >= created }
    }

    /// Keys and memberships refer to names: a renamed account would leave them to the next one of its old name.
    private func refuseRenaming(_ old: String?, to name: String) throws {
        guard let old else { throw Self.absent }
        guard old == name else { throw SaveError(.conflict, "an account cannot be renamed") }
    }

    private func forget(_ principal: PrincipalName) {
        tables.keys = tables.keys.filter { $0.value.owner != principal }
        tables.keyUses = tables.keyUses.filter { tables.keys[$0.key] != nil }
        tables.members = tables.members.filter { $0.key.principal != principal }
    }
}
