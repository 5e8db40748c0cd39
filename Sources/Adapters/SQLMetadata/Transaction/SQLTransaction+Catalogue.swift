internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func projects() throws -> [ProjectRecord] {
        try session.rows("SELECT id, name, description, created, updated FROM projects ORDER BY name") { row in
            ProjectRecord(
                id: try row.integer(), name: try row.text(), description: try row.text(), created: try row.time(),
                updated: try row.time())
        }
    }

    func repositories() throws -> [RepositoryRecord] {
        try session.rows(RepositoryColumn.selection) { try RepositoryColumn.repository(from: &$0, settings) }
    }

    func members() throws -> [MemberRecord] {
        try session.rows("SELECT project_id, principal, role FROM members ORDER BY project_id, principal") { row in
            MemberRecord(project: try row.integer(), principal: try row.principal(), role: try row.choice())
        }
    }

    func put(_ project: ProjectRecord) throws -> ProjectRecord {
        var project = project
        let values: [SQLValue] = [
            .text(project.name), .text(project.description), .time(project.created), .time(project.updated),
        ]
        if project.id == 0 {
            project.id = try insert(
                "INSERT INTO projects (name, description, created, updated) VALUES ($1, $2, $3, $4) RETURNING id", values)
        } else {
            try update(
                "UPDATE projects SET name = $1, description = $2, created = $3, updated = $4 WHERE id = $5",
                values + [.integer(project.id)])
        }
        return project
    }

    func deleteProject(_ id: Int64) throws {
        let isInUse = try session.exists(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM repositories WHERE project_id = $1)
              OR EXISTS (SELECT 1 FROM robots WHERE project_id = $1)
            """, [.integer(id)])
        guard !isInUse else { throw SaveError(.conflict, "the project still has repositories or robots") }
        try session.execute("DELETE FROM projects WHERE id = $1", [.integer(id)])
    }

    func put(_ repository: RepositoryRecord) throws -> RepositoryRecord {
        var repository = repository
        let values = try RepositoryColumn.values(of: repository)
        if repository.id == 0 {
            repository.id = try insert(RepositoryColumn.insertion, values)
        } else {
            try update(RepositoryColumn.replacement, values + [.integer(repository.id)])
        }
        repository.project =
            try session.first("SELECT name FROM projects WHERE id = $1", [.integer(repository.projectID)]) { try $0.text() }
            ?? repository.project
        return repository
    }

    func deleteRepository(_ id: Int64) throws {
        try session.execute("DELETE FROM repositories WHERE id = $1", [.integer(id)])
    }

    func put(_ member: MemberRecord) throws {
        try session.execute(
            """
            INSERT INTO members (project_id, principal, role) VALUES ($1, $2, $3)
            ON CONFLICT (project_id, principal) DO UPDATE SET role = excluded.role
            """, [.integer(member.project), .text(member.principal.text), .text(member.role.rawValue)])
    }

    func deleteMember(project: Int64, _ principal: PrincipalName) throws -> Bool {
        try session.execute(
            "DELETE FROM members WHERE project_id = $1 AND principal = $2", [.integer(project), .text(principal.text)]) > 0
    }
}
