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

    func policies() throws -> [PolicyRecord] {
        try session.rows(
            """
            SELECT id, name, description, project_id, repository_id, priority, action, dry_run, enabled, presentation,
              include_hosted, match_members, created, updated FROM policies ORDER BY priority, id
            """
        ) { row in
            let (id, name, description) = (try row.integer(), try row.text(), try row.text())
            let (project, repository) = (row.optionalInteger(), row.optionalInteger())
            return PolicyRecord(
                id: id, name: name, description: description,
                scope: repository.map(PolicyRecord.Scope.repository) ?? project.map(PolicyRecord.Scope.project) ?? .server,
                priority: try row.integer(), action: try row.choice(), isDryRun: try row.bool(), isEnabled: try row.bool(),
                presentation: try row.choice(), includesHosted: try row.bool(),
                match: try settings.decode(try row.text(), defaults: PolicyMatch()), created: try row.time(),
                updated: try row.time())
        }
    }

    func put(_ policy: PolicyRecord) throws -> PolicyRecord {
        var policy = policy
        var project: Int64?
        var repository: Int64?
        switch policy.scope {
        case .server: break
        case .project(let id): project = id
        case .repository(let id): repository = id
        }
        let values: [SQLValue] = [
            .text(policy.name), .text(policy.description), .integer(project), .integer(repository), .integer(policy.priority),
            .text(policy.action.rawValue), .bool(policy.isDryRun), .bool(policy.isEnabled), .text(policy.presentation.rawValue),
            .bool(policy.includesHosted), try SettingsText.encode(policy.match), .time(policy.created), .time(policy.updated),
        ]
        if policy.id == 0 {
            policy.id = try insert(
                """
                INSERT INTO policies (name, description, project_id, repository_id, priority, action, dry_run, enabled,
                  presentation, include_hosted, match_members, created, updated)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
                """, values)
        } else {
            try update(
                """
                UPDATE policies SET name = $1, description = $2, project_id = $3, repository_id = $4, priority = $5,
                  action = $6, dry_run = $7, enabled = $8, presentation = $9, include_hosted = $10, match_members = $11,
                  created = $12, updated = $13 WHERE id = $14
                """, values + [.integer(policy.id)])
        }
        return policy
    }

    func deletePolicy(_ id: Int64) throws {
        try session.execute("DELETE FROM policies WHERE id = $1", [.integer(id)])
    }

    // MARK: Exceptions

    func waivers() throws -> [WaiverRecord] {
        try session.rows(
            """
            SELECT id, project_id, policy_id, package, advisories, reason, until, state, requested_by, granted_by, created, updated
              FROM waivers ORDER BY id
            """
        ) { row in
            WaiverRecord(
                id: try row.integer(), project: try row.integer(), policy: try row.integer(), package: try row.text(),
                advisories: try SQLColumns.present(try row.json().array).compactMap(\.string), reason: try row.text(),
                until: try row.time(), state: try row.choice(), requestedBy: try row.text(), grantedBy: row.optionalText(),
                created: try row.time(), updated: try row.time())
        }
    }

    func put(_ waiver: WaiverRecord) throws -> WaiverRecord {
        var waiver = waiver
        let values: [SQLValue] = [
            .integer(waiver.project), .integer(waiver.policy), .text(waiver.package),
            .text(JSONValue.array(waiver.advisories.map(JSONValue.string)).text), .text(waiver.reason), .time(waiver.until),
            .text(waiver.state.rawValue), .text(waiver.requestedBy), .text(waiver.grantedBy), .time(waiver.created),
            .time(waiver.updated),
        ]
        if waiver.id == 0 {
            waiver.id = try insert(
                """
                INSERT INTO waivers (project_id, policy_id, package, advisories, reason, until, state, requested_by, granted_by,
                  created, updated)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
                """, values)
        } else {
            try update(
                """
                UPDATE waivers SET project_id = $1, policy_id = $2, package = $3, advisories = $4, reason = $5, until = $6,
                  state = $7, requested_by = $8, granted_by = $9, created = $10, updated = $11 WHERE id = $12
                """, values + [.integer(waiver.id)])
        }
        return waiver
    }

    func deleteWaiver(_ id: Int64) throws { try session.execute("DELETE FROM waivers WHERE id = $1", [.integer(id)]) }
}
