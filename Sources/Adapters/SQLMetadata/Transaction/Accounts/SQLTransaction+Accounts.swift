internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func users() throws -> [UserRecord] {
        try session.rows("SELECT \(Self.userColumns) FROM users ORDER BY username", [], Self.user)
    }

    func robots() throws -> [RobotRecord] {
        try session.rows("SELECT \(Self.robotColumns) FROM robots ORDER BY name", [], Self.robot)
    }

    func user(_ username: String) throws -> UserRecord? {
        try session.first("SELECT \(Self.userColumns) FROM users WHERE username = $1", [.text(username)], Self.user)
    }

    func robot(_ name: String) throws -> RobotRecord? {
        try session.first("SELECT \(Self.robotColumns) FROM robots WHERE name = $1", [.text(name)], Self.robot)
    }

    func key(_ id: String) throws -> KeyRecord? {
        try session.first("SELECT \(Self.keyColumns) FROM api_keys WHERE id = $1", [.text(id)], Self.key)
    }

    func keys() throws -> [KeyRecord] {
        try session.rows("SELECT \(Self.keyColumns) FROM api_keys ORDER BY owner, created, id", [], Self.key)
    }

    func put(_ user: UserRecord) throws -> UserRecord {
        var user = user
        let values: [SQLValue] = [
            .text(user.username), .text(user.passwordHash), .text(user.role.rawValue), .bool(user.disabled), .time(user.created),
            .time(user.updated),
        ]
        if user.id == 0 {
            user.id = try insert(
                """
                INSERT INTO users (username, password_hash, role, disabled, created, updated)
                VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
                """, values)
        } else {
            try refuseRenaming("SELECT username FROM users WHERE id = $1", user.id, to: user.username)
            try update(
                """
                UPDATE users SET username = $1, password_hash = $2, role = $3, disabled = $4, created = $5, updated = $6
                WHERE id = $7
                """, values + [.integer(user.id)])
        }
        return user
    }

    func deleteUser(_ id: Int64) throws {
        let name = try session.first("SELECT username FROM users WHERE id = $1", [.integer(id)]) { try $0.text() }
        guard let name else { return }
        try forget(.user(name))
        try session.execute("DELETE FROM sessions WHERE username = $1", [.text(name)])
        try session.execute("DELETE FROM users WHERE id = $1", [.integer(id)])
    }

    func put(_ robot: RobotRecord) throws -> RobotRecord {
        var robot = robot
        let values: [SQLValue] = [
            .text(robot.name), .text(robot.description), .bool(robot.disabled), .integer(robot.project), .time(robot.created),
            .time(robot.updated),
        ]
        if robot.id == 0 {
            robot.id = try insert(
                """
                INSERT INTO robots (name, description, disabled, project_id, created, updated)
                VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
                """, values)
        } else {
            try refuseRenaming("SELECT name FROM robots WHERE id = $1", robot.id, to: robot.name)
            try update(
                """
                UPDATE robots SET name = $1, description = $2, disabled = $3, project_id = $4, created = $5, updated = $6
                WHERE id = $7
                """, values + [.integer(robot.id)])
        }
        return robot
    }

    func deleteRobot(_ id: Int64) throws {
        let name = try session.first("SELECT name FROM robots WHERE id = $1", [.integer(id)]) { try $0.text() }
        guard let name else { return }
        try forget(.robot(name))
        try session.execute("DELETE FROM robots WHERE id = $1", [.integer(id)])
    }

    func put(_ key: KeyRecord) throws {
        try session.execute(
            """
            INSERT INTO api_keys (id, owner, hash, description, scopes, expires, created) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, hash = excluded.hash, description = excluded.description,
              scopes = excluded.scopes, expires = excluded.expires, created = excluded.created
            """,
            [
                .text(key.id), .text(key.owner.text), .bytes(key.hash), .text(key.description), .text(Self.text(key.scopes)),
                .time(key.expires), .time(key.created),
            ])
    }

    func deleteKey(_ id: String) throws -> Bool {
        try session.execute("DELETE FROM api_keys WHERE id = $1", [.text(id)]) > 0
    }

    // MARK: - Parts

    private static let userColumns = "id, username, password_hash, role, disabled, created, updated"

    private static func user(_ row: inout SQLColumns) throws -> UserRecord {
        UserRecord(
            id: try row.integer(), username: try row.text(), passwordHash: try row.text(), role: try row.choice(),
            disabled: try row.bool(), created: try row.time(), updated: try row.time())
    }

    private static let robotColumns = "id, name, description, disabled, project_id, created, updated"

    private static func robot(_ row: inout SQLColumns) throws -> RobotRecord {
        RobotRecord(
            id: try row.integer(), name: try row.text(), description: try row.text(), disabled: try row.bool(),
            project: row.optionalInteger(), created: try row.time(), updated: try row.time())
    }

    private static let keyColumns = "id, owner, hash, description, scopes, expires, created"

    private static func key(_ row: inout SQLColumns) throws -> KeyRecord {
        KeyRecord(
            id: try row.text(), owner: try row.principal(), hash: try row.bytes(), description: try row.text(),
            scopes: try scopes(try row.json()), expires: row.optionalTime(), created: try row.time())
    }

    private static func text(_ scopes: [KeyScope]) -> String {
        let values = scopes.map { scope in
            JSONValue.object([
                "resource": JSONValue(scope.resource),
                "permissions": .array(scope.permissions.map { .string($0.rawValue) }),
            ])
        }
        return JSONValue.array(values).text
    }

    /// A scope that cannot be read is an error: taken for an empty list, it would lift the key's limits.
    private static func scopes(_ value: JSONValue) throws -> [KeyScope] {
        try SQLColumns.present(value.array).map { item in
            let object = try SQLColumns.present(item.object)
            let permissions = try SQLColumns.present(object["permissions"]?.array).map {
                try SQLColumns.present($0.string.flatMap(Permission.init(rawValue:)))
            }
            return KeyScope(resource: object["resource"]?.string, permissions: permissions)
        }
    }

    /// Keys and memberships refer to names: a renamed account would leave them to the next one of its old name.
    private func refuseRenaming(_ sql: String, _ id: Int64, to name: String) throws {
        let old = try session.first(sql, [.integer(id)]) { try $0.text() }
        guard let old else { throw SaveError(.notFound, "there is no such record") }
        guard old.utf8.elementsEqual(name.utf8) else { throw SaveError(.conflict, "an account cannot be renamed") }
    }

    private func forget(_ principal: PrincipalName) throws {
        try session.execute("DELETE FROM api_keys WHERE owner = $1", [.text(principal.text)])
        try session.execute("DELETE FROM members WHERE principal = $1", [.text(principal.text)])
    }
}
